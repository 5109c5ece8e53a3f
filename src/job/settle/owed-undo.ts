import type { FailureCode } from '../../contract/failure.ts';
import type { Job } from '../../contract/job.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf } from '../outcome/naming.ts';
import type { PendingChange } from '../ports/pending.ts';
import type { Ports } from '../ports/ports.ts';

/** Put off with each try: it comes to that only once nobody who is alive tries any more. */
const WATCHDOG_SECONDS = 60;
const CHANGES = new Set<Job['action']>(['apply', 'remove', 'rollback']);

/** Whether a job ended with its change still there. */
export function isUndoFailed({ failure }: { failure: { code: FailureCode } | null }): boolean {
  return failure?.code === 'undo_failed';
}

/**
 * The job has ended, and its undo goes on without it: in this process, and in another when this one should end. Where it cannot be
 * written, the job's result still says that it has been told.
 */
export async function oweUndo(
  change: PendingChange,
  ports: Pick<Ports, 'journal' | 'watchdog' | 'caretaker' | 'log'>,
): Promise<void> {
  const { journal, watchdog, caretaker, log } = ports;
  const fields = { jobId: change.job.id };
  caretaker.wake();
  if (change.owed === null) {
    await journal
      .update({ ...change, owed: { since: new Date().toISOString() } })
      .catch((error: unknown) => log.error({ ...fields, error }, 'Cannot write that an undo is owed'));
  }
  await watchdog
    .arm(change, WATCHDOG_SECONDS)
    .catch((error: unknown) => log.error({ ...fields, error }, 'No watchdog goes on with an undo'));
}

/** Whether a job would change the rules, which nobody may before an owed undo has succeeded. */
export function wouldChange({ action }: Pick<Job, 'action'>): boolean {
  return CHANGES.has(action);
}

/** Why a job is not even begun while another's undo is owed. */
export function undoPending({ job, ruleset }: PendingChange, reason: string): JobFailure {
  const message = `the undo of job ${job.id} (ruleset ${labelOf(ruleset)}) is owed, and nothing else may change before; it is tried on, and failed last because ${reason}`;
  return new JobFailure('host', 'undo_pending', message);
}
