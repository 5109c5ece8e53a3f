import type { FleetEvent } from '../../../contract/events/event.ts';
import type { HostEnd, RolloutEvent } from '../../../contract/rollouts/rollout-events.ts';
import type { Query } from '../state/address.ts';
import { EVENT_FILTERS } from '../state/event-filter.ts';
import { setQuery } from '../state/navigation.ts';
import { sayType, sayWord } from '../text/words.ts';
import { Field, Select } from './fields.tsx';

/** Heartbeats are not in the list of events. */
type Told = Exclude<FleetEvent['type'] | RolloutEvent['type'], 'fleetwall.worker.heartbeat'>;

// As records, so that the compiler misses one that is added to the contract.
const TYPES: Readonly<Record<Told, true>> = {
  'fleetwall.job.started': true,
  'fleetwall.job.awaiting_confirmation': true,
  'fleetwall.job.completed': true,
  'fleetwall.job.undone': true,
  'fleetwall.ruleset.ended': true,
  'fleetwall.drift.detected': true,
  'fleetwall.drift.repaired': true,
  'fleetwall.worker.online': true,
  'fleetwall.worker.offline': true,
  'fleetwall.rollout.started': true,
  'fleetwall.rollout.taken': true,
  'fleetwall.rollout.step': true,
  'fleetwall.rollout.looked': true,
  'fleetwall.rollout.unroutable': true,
  'fleetwall.rollout.lost': true,
  'fleetwall.rollout.stopping': true,
  'fleetwall.rollout.requested': true,
  'fleetwall.rollout.ended': true,
};

type End = Exclude<HostEnd, 'unroutable' | 'silent' | 'not_started'> | 'completed' | 'stopped' | 'aborted';

const OUTCOMES: Readonly<Record<End, true>> = {
  applied: true,
  unchanged: true,
  checked: true,
  removed: true,
  reported: true,
  rejected: true,
  failed: true,
  rolled_back: true,
  superseded: true,
  cancelled: true,
  expired: true,
  completed: true,
  stopped: true,
  aborted: true,
};

const CHOICES = {
  types: Object.keys(TYPES).map((value) => ({ value, says: sayType(value) })),
  outcomes: Object.keys(OUTCOMES).map((value) => ({ value, says: sayWord(value) })),
};

/** What events are chosen by. */
export function EventFilters({ query }: { query: Query }) {
  const isFiltered = EVENT_FILTERS.some((name) => query[name] !== undefined);
  return (
    <search className="filters" aria-label="Filter the events">
      <Field label="Text (/)" className="wide" isMain value={query['q']} onType={(q) => setQuery({ q })} />
      <details className="more" open={innerWidth >= 700}>
        <summary>More filters</summary>
        <div className="fields">
          <Select
            label="Type"
            value={query['type']}
            choices={CHOICES.types}
            onChoose={(type) => setQuery({ type })}
          />
          <Select
            label="Outcome"
            value={query['outcome']}
            choices={CHOICES.outcomes}
            onChoose={(outcome) => setQuery({ outcome })}
          />
          <Field label="Host" value={query['host']} onType={(host) => setQuery({ host })} />
          <Field
            label="Ruleset or list"
            value={query['ruleset']}
            onType={(ruleset) => setQuery({ ruleset })}
          />
          <Field label="Rollout" value={query['rollout']} onType={(rollout) => setQuery({ rollout })} />
        </div>
      </details>
      {isFiltered && (
        <button
          type="button"
          onClick={() => setQuery(Object.fromEntries(EVENT_FILTERS.map((name) => [name, undefined])))}
        >
          Clear filters
        </button>
      )}
    </search>
  );
}
