import type { Diff, Writer } from '../../../contract/events/event.ts';
import type { Failure } from '../../../contract/events/failure.ts';

/** What a person wants to see of an event, besides the line that says it. */
export interface EventParts {
  diff: Diff | null;
  failure: Failure | null;
  /** Who made a drift. */
  by: Writer | null;
  /** Whether a host has given up to mend a drift. */
  gaveUp: boolean;
  /** Entries of a list that are more, or less, than was committed. */
  entries: { added: readonly string[]; removed: readonly string[]; truncated: boolean } | null;
  /** Whether a change was taken back, and why. */
  takenBack: { reason: string | null; verified: boolean | null } | null;
}

/** The server has read the event by its schema before: here it is only looked at which parts it has. */
export function partsOf(event: unknown): EventParts {
  const data = recordOf(recordOf(event)['data']);
  const rollback = recordOf(data['rollback']);
  return {
    diff: Array.isArray(recordOf(data['diff'])['tables']) ? (data['diff'] as Diff) : null,
    failure: Array.isArray(recordOf(data['failure'])['lines']) ? (data['failure'] as Failure) : null,
    by: typeof recordOf(data['by'])['name'] === 'string' ? (data['by'] as Writer) : null,
    gaveUp: data['gaveUp'] === true,
    entries: Array.isArray(recordOf(data['entries'])['added'])
      ? (data['entries'] as EventParts['entries'])
      : null,
    takenBack:
      rollback['performed'] === true
        ? {
            reason: typeof rollback['reason'] === 'string' ? rollback['reason'] : null,
            verified: typeof rollback['verified'] === 'boolean' ? rollback['verified'] : null,
          }
        : null,
  };
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
