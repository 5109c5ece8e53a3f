import { setTimeout as sleep } from 'node:timers/promises';
import { isSameId } from '../../contract/words/identifiers.ts';
import { UNDO_LIMIT_MS } from '../change/take-back.ts';
import { failed } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { JobRun } from '../outcome/job-run.ts';
import { labelOf } from '../outcome/naming.ts';
import { WindowLeft } from '../ports/confirmation.ts';
import type { LockLost } from '../ports/host-lock.ts';
import type { Ports } from '../ports/ports.ts';
import { HostSession } from '../ports/session.ts';
import { BackOff } from '../time/back-off.ts';
import { monotonicMs } from '../time/monotonic.ts';
import { settlePending } from './settle-pending.ts';
import { tellSettled } from './tell-settled.ts';

/**
 * Takes a lost lock again, and undoes what the job had done by then, as another process may be writing the rules. If the lock
 * cannot be had in time, the job ends and the undo is owed. Then only the job's result says so: without the lock the journal must
 * not be written.
 *
 * @throws {WindowLeft} if the change stays open
 */
export async function regain(run: JobRun, lost: LockLost, ports: Ports): Promise<void> {
  const { job } = run;
  const failure = new JobFailure('host', 'lock_timeout', lost.message, { cause: lost });
  const deadline = monotonicMs() + UNDO_LIMIT_MS;
  const pause = new BackOff();
  for (;;) {
    try {
      return await HostSession.begin(ports, `job ${job.id}`, run.watch, async (session) => {
        const settled = await settlePending(session, failure);
        if (settled?.end != null && isSameId(settled.change.job.id, job.id)) return run.endWith(settled.end);
        if (settled !== null) tellSettled(settled, ports);
        await run.conclude(failed(failure));
      });
    } catch (error) {
      if (error instanceof WindowLeft) throw error;
      ports.log.warn({ jobId: job.id, error }, 'Waiting for the lock, to undo what a job had begun');
      const leftMs = deadline - monotonicMs();
      if (leftMs <= 0) return await giveUp(run, failure, error as Error, ports);
      await sleep(Math.min(leftMs, pause.next()));
    }
  }
}

async function giveUp(run: JobRun, failure: JobFailure, error: Error, ports: Ports): Promise<void> {
  const { job } = run;
  const change = await ports.journal.peek().catch(() => null);
  if (change?.job.id !== job.id) return await run.conclude(failed(failure));
  const message = `ruleset ${labelOf(change.ruleset)} failed (${failure.message}), and the host could not yet be put back as it was, which is tried on: ${error.message}`;
  await run.conclude(
    failed(new JobFailure('apply', 'undo_failed', message, { cause: error }), {
      changed: true,
      rollback: { performed: false, reason: failure.code, verified: false },
    }),
  );
  ports.caretaker.wake();
}
