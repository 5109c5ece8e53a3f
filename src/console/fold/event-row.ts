import { isFleetEvent } from '../../central/log/event-reader.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import type { RolloutEvent } from '../../contract/rollouts/rollout-events.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import type { EventRow } from '../api/events.ts';
import { sayHost, sayRollout } from './say-event.ts';

/** So many events are kept that each has to be small. */
const LONGEST = 500;

/** An event in short. */
export function eventRow(offset: number, event: FleetEvent | RolloutEvent): EventRow {
  const says = escapeControl(isFleetEvent(event) ? sayHost(event) : sayRollout(event));
  const { data } = event;
  return {
    offset,
    time: clip(event.time) === event.time ? event.time : new Date(event.time).toISOString(),
    type: event.type,
    hostId: 'hostId' in data ? data.hostId : null,
    rolloutId: 'rolloutId' in data && data.rolloutId != null ? clip(data.rolloutId) : null,
    jobId: 'jobId' in data ? clip(data.jobId) : null,
    ...subjectOf(event),
    outcome: outcomeOf(event),
    code: 'failure' in data ? (data.failure?.code ?? null) : null,
    says: clip(says),
  };
}

function clip(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function outcomeOf(event: FleetEvent | RolloutEvent): string | null {
  if (event.type === 'fleetwall.job.completed') return event.data.outcome;
  return event.type === 'fleetwall.rollout.ended' ? event.data.status : null;
}

function subjectOf({ data }: FleetEvent | RolloutEvent): Pick<EventRow, 'ruleset' | 'list'> {
  return {
    ruleset: 'ruleset' in data ? (data.ruleset?.name ?? null) : null,
    list: 'list' in data ? (data.list?.name ?? null) : null,
  };
}
