import type { JobCompletedEvent } from '../contract/event.ts';
import { WindowLeft } from './confirmation.ts';
import { JobFailure } from './failure.ts';
import { failed, type JobEnd } from './job-end.ts';
import type { JobRun } from './job-run.ts';
import { type Fence, LockLost, LockTimeout, type Ports } from './ports.ts';
import { closePending, settlePending } from './settle.ts';
import type { RulesetRecord } from './state.ts';

/** What a job does once it is its turn. */
export type LockedWork = (fence: Fence, records: RulesetRecord[]) => Promise<JobEnd>;

/**
 * Does a job's work while nobody else touches the rules; first, a change that was left in the middle is ended. When the lock
 * is let go, the job's own end is on disk.
 *
 * @throws {LockTimeout} {@link StateUnavailable} before anything was done
 * @throws {WindowLeft} if the change stays open
 */
export async function underLock(run: JobRun, ports: Ports, work: LockedWork): Promise<void> {
  const { job, watch } = run;
  const held = watch.start('lockMs');
  try {
    await ports.lock.hold(`job ${job.id}`, async (fence) => {
      held();
      const settled = await settlePending(ports, fence);
      if (settled?.subject === job.id) return run.endWith(settled);
      if (settled !== null) publishSettled(settled, ports);
      await run.conclude(await endOf(work, fence, ports));
      await close(run, ports);
    });
  } catch (error) {
    if (!(error instanceof LockLost)) throw error;
    await regain(run, error, ports);
  }
}

async function endOf(work: LockedWork, fence: Fence, ports: Ports): Promise<JobEnd> {
  try {
    return await work(fence, await ports.rulesets.list());
  } catch (error) {
    if (error instanceof LockLost || error instanceof WindowLeft) throw error;
    return failed(error);
  } finally {
    await ports.stage.ended();
  }
}

async function close({ job }: JobRun, ports: Ports): Promise<void> {
  try {
    await closePending(ports);
  } catch (error) {
    ports.log.error({ jobId: job.id, error }, 'Cannot close the journal of a job that has ended');
  }
}

/** Others may be at the rules now: with the lock taken anew, what the job had done by then is undone. */
async function regain(run: JobRun, lost: LockLost, ports: Ports): Promise<void> {
  const { job } = run;
  const failure = new JobFailure('host', 'lock_timeout', lost.message, { cause: lost });
  for (;;) {
    try {
      return await ports.lock.hold(`job ${job.id}`, async (fence) => {
        const settled = await settlePending(ports, fence, failure);
        if (settled === null) await run.conclude(failed(failure));
        else run.endWith(settled);
      });
    } catch (error) {
      if (!(error instanceof LockLost || error instanceof LockTimeout)) throw error;
      ports.log.warn({ jobId: job.id, error }, 'Waiting for the lock, to undo what a job had begun');
    }
  }
}

function publishSettled(event: JobCompletedEvent, { events, log }: Ports): void {
  events.publish(event).catch((error: unknown) => {
    log.warn({ jobId: event.subject, error }, 'Cannot publish the end of a job that was settled');
  });
}
