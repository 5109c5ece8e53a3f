import { setTimeout as sleep } from 'node:timers/promises';
import { UNDO_LIMIT_MS } from '../change/take-back.ts';
import { failed, type JobEnd } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf } from '../outcome/naming.ts';
import { LockLost } from '../ports/host-lock.ts';
import type { ListRecord, PendingList } from '../ports/lists.ts';
import type { Log } from '../ports/log.ts';
import { BackOff } from '../time/back-off.ts';
import { monotonicMs } from '../time/monotonic.ts';

type Named = Pick<ListRecord, 'name' | 'revision'>;

/**
 * Tries again and again to put a list back, until that succeeds or the time is over.
 *
 * @param isFirst whether its job has not ended yet; else it is tried once
 * @returns why it is not put back; `null`: it is
 * @throws {LockLost}
 */
export async function undoStubbornly(
  { name, revision }: Named,
  isFirst: boolean,
  undo: () => Promise<unknown>,
  log: Log,
): Promise<Error | null> {
  const deadline = monotonicMs() + (isFirst ? UNDO_LIMIT_MS : 0);
  const pause = new BackOff();
  for (;;) {
    try {
      await undo();
      return null;
    } catch (error) {
      if (error instanceof LockLost) throw error;
      const leftMs = deadline - monotonicMs();
      if (leftMs <= 0) return error as Error;
      log.warn({ list: name, revision, error }, 'A list is not put back yet: it is tried again');
      await sleep(Math.min(leftMs, pause.next()));
    }
  }
}

/** The end of a job whose change is not undone. Only then may the list not be as it was. */
export function undoFailed(list: Named, failure: JobFailure, error: Error): JobEnd {
  const message = `list ${labelOf(list)} failed (${failure.message}), and could not yet be put back as it was, which is tried on: ${error.message}`;
  return failed(new JobFailure('apply', 'undo_failed', message, { cause: error }), {
    changed: true,
    rollback: { performed: true, reason: failure.code, verified: false },
  });
}

/** The failure of a job that is not begun, as the undo of another one is owed. */
export function listUndoPending(
  jobs: readonly { job: { id: string } }[],
  list: Named,
  error: Error,
): JobFailure {
  const message = `the undo of job ${jobs.map(({ job }) => job.id).join(', ')} (list ${labelOf(list)}) is owed, and nothing else may change before: send this again once it has succeeded (fleetwall.job.undone); it is tried on, and failed last because ${error.message}`;
  return new JobFailure('host', 'undo_pending', message, { cause: error });
}

/** Why a change is taken back that was left in the middle. */
export function cutShort({ window, after }: PendingList, isLost: boolean): JobFailure {
  const label = `list ${labelOf(after)}`;
  if (isLost) {
    const message = `${label} was cut short by the end of its network namespace, such as by a restart of the host: its sets are gone with that`;
    return new JobFailure('confirm', 'worker_restarted', message);
  }
  if (window?.mode === 'manual') {
    const message = `${label} was changed and taken back: nobody confirmed it before ${window.deadline}`;
    return new JobFailure('confirm', 'confirm_timeout', message);
  }
  const message = `${label} was cut short: the worker was ended in the middle of the job, and what it had done was taken back`;
  return new JobFailure(window === null ? 'apply' : 'confirm', 'worker_restarted', message);
}
