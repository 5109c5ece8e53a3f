import { isSameId } from '../contract/words/identifiers.ts';
import { bothDone } from './change/both-done.ts';
import { settleListsOfRules } from './lists/owed-lists.ts';
import { failed, type JobEnd } from './outcome/job-end.ts';
import type { JobRun } from './outcome/job-run.ts';
import { isUndoFailed, undoPending } from './outcome/undo-pending.ts';
import { WindowLeft } from './ports/confirmation.ts';
import { LockLost, LockTimeout } from './ports/host-lock.ts';
import type { Ports } from './ports/ports.ts';
import { HostSession } from './ports/session.ts';
import type { RulesetRecord } from './ports/stores.ts';
import { closePending } from './settle/close-pending.ts';
import { oweUndo, wouldChange } from './settle/owed-undo.ts';
import { regain } from './settle/regain.ts';
import { type Settled, settlePending } from './settle/settle-pending.ts';
import { tellSettled } from './settle/tell-settled.ts';

/** The work of a job that needs the lock. */
export type LockedWork = (session: HostSession, records: RulesetRecord[]) => Promise<JobEnd>;

/**
 * Does a job's work while no other process touches the rules. A change that was left in the middle is settled first. When the
 * lock is left, the job's own end is on disk.
 *
 * @throws {LockTimeout | StateUnavailable} before anything was done
 * @throws {WindowLeft} if the change stays open
 */
export async function underLock(run: JobRun, ports: Ports, work: LockedWork): Promise<void> {
  const { job, watch } = run;
  const stopWaiting = watch.start('lockMs');
  try {
    await HostSession.begin(ports, `job ${job.id}`, watch, async (session) => {
      stopWaiting();
      const settled = await settlePending(session);
      if (settled?.end != null && isSameId(settled.change.job.id, job.id)) return run.endWith(settled.end);
      if (settled !== null) tellSettled(settled, ports);
      const mayNot = settled?.owed != null && wouldChange(job);
      const end = mayNot
        ? failed(undoPending(settled.change, settled.owed ?? ''))
        : await doWork(async (...given) => {
            if (wouldChange(job)) await settleListsOfRules(`job ${job.id}`, ports);
            return await work(...given);
          }, session);
      await bothDone(run.conclude(end), session.tidy());
      await close(run, settled, ports);
    });
  } catch (error) {
    if (error instanceof LockLost) return await regain(run, error, ports);
    if (error instanceof LockTimeout) throw await pendingOr(error, run, ports);
    throw error;
  }
}

/**
 * Returns the failure of a job that could not get the lock. If an undo is owed, the job's failure says so: the lock's holder is
 * probably trying that undo.
 */
async function pendingOr(
  timeout: LockTimeout,
  { job }: JobRun,
  { journal }: Pick<Ports, 'journal'>,
): Promise<Error> {
  const change = wouldChange(job) ? await journal.peek().catch(() => null) : null;
  return change === null || change.owed === null ? timeout : undoPending(change, timeout.message);
}

/** Does the job's own work. Whatever it fails by is its end, unless somebody else has to end it. */
async function doWork(work: LockedWork, session: HostSession): Promise<JobEnd> {
  try {
    return await work(session, await session.ports.rulesets.list());
  } catch (error) {
    if (error instanceof LockLost || error instanceof WindowLeft) throw error;
    return failed(error);
  } finally {
    await session.ports.sandbox.ended();
  }
}

/** Closes the journal, unless an undo is owed: by this job, or by the one that was settled before it. */
async function close(
  { job, end }: JobRun,
  settled: Settled | null,
  ports: HostSession['ports'],
): Promise<void> {
  if (settled?.owed != null) return;
  try {
    const change = end !== null && isUndoFailed(end) ? await ports.journal.read() : null;
    if (change === null) await closePending(ports);
    else await oweUndo(change, ports);
  } catch (error) {
    ports.log.error({ jobId: job.id, error }, 'Cannot close the journal of a job that has ended');
    ports.caretaker.wake();
  }
}
