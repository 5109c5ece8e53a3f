import type { Diff, JobUndoneEvent, ListState } from '../../contract/events/event.ts';
import type { JobBrief } from '../ports/pending.ts';
import type { Ports } from '../ports/ports.ts';
import { factEvent, rolloutOf } from './fact-event.ts';

/** What a job had asked for, and what is committed now. */
export type UndoneOf =
  | { ruleset: NonNullable<JobUndoneEvent['data']['ruleset']> }
  | { ruleset: null; list: ListState };

/**
 * Makes the event that a change is undone at last, some time after its job has ended.
 *
 * @param diff what the change was
 */
export function undoneEvent(
  job: JobBrief,
  of: UndoneOf,
  diff: Diff,
  { identity: { hostId }, facts }: Pick<Ports, 'identity' | 'facts'>,
): JobUndoneEvent {
  const type = 'fleetwall.job.undone';
  return {
    ...factEvent(hostId, [type, job.id]),
    type,
    subject: job.id,
    data: {
      hostId,
      worker: facts,
      jobId: job.id,
      rolloutId: rolloutOf(job),
      ...of,
      diff: reversed(diff),
      verified: true,
    },
  };
}

/** Returns the diff of undoing a diff. What is unchanged stays unchanged. */
function reversed({ added, removed, unchanged, tables }: Diff): Diff {
  const back = tables.map((table) => ({ ...table, added: table.removed, removed: table.added }));
  return { added: removed, removed: added, unchanged, tables: back };
}
