import type { FailureCode } from '../../contract/events/failure.ts';
import type { PendingChange } from '../ports/pending.ts';
import type { Ports } from '../ports/ports.ts';
import { JobFailure } from './job-failure.ts';
import { labelOf } from './naming.ts';

/** Says whether a job ended with its change still on the host. */
export function isUndoFailed({ failure }: { failure: { code: FailureCode } | null }): boolean {
  return failure?.code === 'undo_failed';
}

/** Says whether one of these jobs ended with its change still on the host. */
export async function hasUndoFailed(
  jobs: readonly { job: { id: string } }[],
  { results }: Pick<Ports, 'results'>,
): Promise<boolean> {
  const ends = await Promise.all(jobs.map(async ({ job }) => await results.find(job.id)));
  return ends.some((end) => end !== null && isUndoFailed(end.data));
}

/**
 * Returns the failure of a job that was not begun because another job's undo is owed.
 *
 * @param reason why it failed last; `null`: that is not known here
 */
export function undoPending({ job, ruleset }: PendingChange, reason: string | null): JobFailure {
  const why =
    reason === null ? 'why it fails, its end and the log of the worker say' : `failed last because ${reason}`;
  const message = `the undo of job ${job.id} (ruleset ${labelOf(ruleset)}) is owed, and nothing else may change before: send this again once it has succeeded (fleetwall.job.undone); it is tried on, and ${why}`;
  return new JobFailure('host', 'undo_pending', message);
}
