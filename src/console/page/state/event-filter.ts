import type { EventRow } from '../../api/events.ts';
import type { Query } from './address.ts';

/** The fields of the query by which events are chosen, as the server names them. */
export const EVENT_FILTERS = ['host', 'type', 'outcome', 'ruleset', 'rollout', 'q'] as const;

/** For an event that comes live: whether the server would send it for this query. */
export function isChosen(event: EventRow, query: Query): boolean {
  const { host, type, outcome, ruleset, rollout, q } = query;
  return (
    isSame(host, event.hostId) &&
    isSame(type, event.type) &&
    isSame(outcome, event.outcome) &&
    (isSame(ruleset, event.ruleset) || isSame(ruleset, event.list)) &&
    isSame(rollout, event.rolloutId) &&
    (q === undefined || hasText(event, q))
  );
}

function isSame(wanted: string | undefined, found: string | null): boolean {
  return wanted === undefined || wanted === found;
}

function hasText({ says, hostId, jobId, code }: EventRow, text: string): boolean {
  const wanted = text.toLowerCase();
  return [says, hostId, jobId, code].some((field) => field?.toLowerCase().includes(wanted));
}

/** What the server is asked for. */
export function eventSearch(query: Query, more: { before?: string; limit: number }): Record<string, string> {
  const chosen = EVENT_FILTERS.flatMap((name) => {
    const value = query[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(chosen),
    ...(query['at'] === undefined ? {} : { until: query['at'] }),
    ...(more.before === undefined ? {} : { before: more.before }),
    limit: String(more.limit),
  };
}
