import { useEffect } from 'preact/hooks';
import type { EventRow } from '../../api/events.ts';
import type { HostAnswer } from '../../api/hosts.ts';
import { CUT, type Highest, highestOf } from '../fleet/host-words.ts';
import { Beats } from '../parts/beats.tsx';
import { HistoryEntry } from '../parts/history-entry.tsx';
import { HostFacts } from '../parts/host-facts.tsx';
import { LiveLists, LiveRulesets } from '../parts/live-tables.tsx';
import { Badge, Link, Text, Wait } from '../parts/text.tsx';
import { hrefOf, type Query } from '../state/address.ts';
import { useAnswer, useNow } from '../state/hooks.ts';
import { live } from '../state/live.ts';
import { withTime } from '../state/navigation.ts';

const OPEN_DRIFTS = 3;
const NO_HOSTS: Highest = new Map();

/** One host: what it has now, what was done to it, by whom. */
export function HostView({ id, query }: { id: string; query: Query }) {
  const { at } = query;
  const address = hrefOf(`/api/hosts/${encodeURIComponent(id)}`, { at });
  const { value, problem } = useAnswer<HostAnswer>(
    address,
    at === undefined
      ? ({ hosts, gone, events }) =>
          hosts.some(({ hostId }) => hostId === id) ||
          gone.includes(id) ||
          events.some(({ hostId }) => hostId === id)
      : undefined,
  );
  const now = useNow(at);
  useEffect(() => {
    if (at === undefined) live.want('hosts');
  }, [at]);
  return (
    <>
      <h1>
        Host <Text of={id} /> {value !== null && <Badge word={value.host.presence} />}
      </h1>
      {value === null ? (
        <Wait problem={problem} />
      ) : (
        <Told answer={value} now={now} isNow={at === undefined} />
      )}
    </>
  );
}

function Told({ answer, now, isNow }: { answer: HostAnswer; now: number; isNow: boolean }) {
  const { host, history, isCut } = answer;
  const drifts = history.filter(isDrift);
  const newestEnd = history.findIndex(({ type }) => type === 'fleetwall.job.completed');
  const highest = isNow && live.hosts.hasSnapshot ? highestOf(live.hosts.all) : NO_HOSTS;
  return (
    <>
      <HostFacts host={host} now={now} />
      <section aria-labelledby="live">
        <h2 id="live">Live {isNow ? 'now' : 'at that time'}</h2>
        <LiveRulesets rulesets={host.rulesets} highest={highest} />
        <LiveLists lists={host.lists} />
        {host.isCut && <p>It {CUT}: the newest are here, until it says itself what it has.</p>}
      </section>
      <section aria-labelledby="drift">
        <h2 id="drift">Drift</h2>
        {drifts.length === 0 && <p>None is known.</p>}
        {drifts.map((event, index) => (
          <HistoryEntry key={event.offset} event={event} isOpen={index < OPEN_DRIFTS} />
        ))}
      </section>
      <section aria-labelledby="history">
        <h2 id="history">History</h2>
        {history.length === 0 && <p>Nothing is known.</p>}
        {history.map((event, index) => (
          <HistoryEntry key={event.offset} event={event} isOpen={index === newestEnd} />
        ))}
        {isCut && (
          <p>
            There is more:{' '}
            <Link to={withTime('/events', { host: host.hostId })}>all events of this host</Link>
          </p>
        )}
      </section>
      <section aria-labelledby="beats">
        <h2 id="beats">Heartbeats</h2>
        <Beats answer={answer} now={now} />
      </section>
    </>
  );
}

function isDrift({ type }: EventRow): boolean {
  return type.startsWith('fleetwall.drift.');
}
