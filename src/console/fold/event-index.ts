import type { FleetEvent } from '../../contract/events/event.ts';
import type { EventRow } from '../api/events.ts';

const HISTORY: ReadonlySet<string> = new Set<FleetEvent['type']>([
  'fleetwall.job.completed',
  'fleetwall.job.undone',
  'fleetwall.ruleset.ended',
  'fleetwall.drift.detected',
  'fleetwall.drift.repaired',
]);

/** Which events are asked for; what is not given leaves all. */
export interface EventFilter {
  /** Not later than that, in milliseconds since 1970. */
  until?: number | undefined;
  /** Before that one in the log. */
  before?: number | undefined;
  host?: string | undefined;
  type?: string | undefined;
  /** Only what changed a host, or was to. */
  isHistory?: boolean | undefined;
  outcome?: string | undefined;
  ruleset?: string | undefined;
  rollout?: string | undefined;
  /** Part of what it says, of its host or its code; small and capital letters are the same. */
  text?: string | undefined;
}

/** The last events of the log, in short, without the heartbeats. */
export class EventIndex {
  readonly #most: number;
  #rows: EventRow[] = [];
  readonly #ofHost = new Map<string, EventRow[]>();

  /** @param most so many are kept */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#rows.length;
  }

  add(row: EventRow): void {
    this.#rows.push(row);
    if (row.hostId !== null) {
      const own = this.#ofHost.get(row.hostId);
      if (own === undefined) this.#ofHost.set(row.hostId, [row]);
      else own.push(row);
    }
    // A tenth at a time: to take the first out of a long array costs as much as the array is long.
    if (this.#rows.length > this.#most * 1.1) this.#forget(this.#rows.length - this.#most);
  }

  /** The newest first. */
  find(filter: EventFilter, limit: number): { events: EventRow[]; hasMore: boolean } {
    const rows = filter.host === undefined ? this.#rows : (this.#ofHost.get(filter.host) ?? []);
    const events: EventRow[] = [];
    const text = filter.text?.toLowerCase();
    for (let at = rows.length - 1; at >= 0; at -= 1) {
      const row = rows[at];
      if (row === undefined || !isWanted(row, filter, text)) continue;
      if (events.length === limit) return { events, hasMore: true };
      events.push(row);
    }
    return { events, hasMore: false };
  }

  #forget(count: number): void {
    for (const row of this.#rows.slice(0, count)) {
      const own = row.hostId === null ? undefined : this.#ofHost.get(row.hostId);
      if (own?.[0] === row) own.shift();
      if (own?.length === 0) this.#ofHost.delete(row.hostId ?? '');
    }
    this.#rows = this.#rows.slice(count);
  }
}

function isWanted(row: EventRow, filter: EventFilter, text: string | undefined): boolean {
  const { until, before, type, outcome, ruleset, rollout, isHistory } = filter;
  if (isHistory === true && !HISTORY.has(row.type)) return false;
  if (before !== undefined && row.offset >= before) return false;
  if (until !== undefined && Date.parse(row.time) > until) return false;
  const are = (wanted: string | undefined, found: string | null) => wanted === undefined || wanted === found;
  if (!are(outcome, row.outcome) || !are(rollout, row.rolloutId) || !are(type, row.type)) return false;
  if (ruleset !== undefined && ruleset !== row.ruleset && ruleset !== row.list) return false;
  return (
    text === undefined ||
    [row.says, row.hostId, row.code, row.jobId].some((part) => part?.toLowerCase().includes(text))
  );
}
