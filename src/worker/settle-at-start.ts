import { setTimeout as sleep } from 'node:timers/promises';
import type { JobCompletedEvent } from '../contract/event.ts';
import { WindowLeft } from '../job/confirmation.ts';
import { LockLost, LockTimeout, type Ports } from '../job/ports.ts';
import { settlePending } from '../job/settle.ts';
import { StateUnavailable } from '../job/state.ts';

const RETRY_MS = 1_000;

/**
 * Ends what an earlier worker had to leave in the middle, before any job is taken; it does not need the broker. It may take as
 * long as somebody else has the lock, or as a person may take to answer. Where the state cannot be read, the jobs that
 * come are told so, one by one.
 *
 * @returns the end that has still to be published, if there is one
 */
export async function settleAtStart(ports: Ports, stop: AbortSignal): Promise<JobCompletedEvent | null> {
  while (!stop.aborted) {
    try {
      return await ports.lock.hold('start of the worker', async (fence) => await settlePending(ports, fence));
    } catch (error) {
      if (error instanceof WindowLeft) return null;
      if (error instanceof StateUnavailable) {
        ports.log.error({ error }, 'Cannot see whether a change was cut short');
        return null;
      }
      if (!(error instanceof LockTimeout || error instanceof LockLost)) throw error;
      ports.log.warn({ error }, 'Waiting for the lock, to see whether a change was cut short');
      await sleep(RETRY_MS, undefined, { signal: stop }).catch(() => {});
    }
  }
  return null;
}

/** An answer that comes before the wait goes on is heard, too. */
export async function expectLeftAnswer({ journal, confirmation }: Ports): Promise<void> {
  const change = await journal.read().catch(() => null);
  if (change?.window?.mode === 'manual') confirmation.answers.expect(change.job.id);
}
