import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerSettings } from '../config/worker-settings.ts';
import { type Answers, WindowLeft } from '../job/confirmation.ts';
import { monotonicMs } from '../job/monotonic.ts';
import type { PendingChange } from '../job/pending.ts';
import { LockLost, LockTimeout, type Log, type Ports } from '../job/ports.ts';
import { settlePending } from '../job/settle.ts';
import { preparePorts } from './prepare.ts';

const LOOK_MS = 500;

/** For a process that hears no messages. */
export const NO_ANSWERS: Answers = {
  resumable: false,
  expect: () => {},
  wait: async (jobId) => {
    throw new WindowLeft(`job ${jobId} waits for an answer`);
  },
};

/**
 * What the watchdog does when a change has had its time: if it is still open, and nobody who is alive has the lock, it is
 * settled. Its end is published by the worker, when there is one again.
 */
export async function settleLater(jobId: string, settings: WorkerSettings, log: Log): Promise<void> {
  const ports = await preparePorts(settings, {
    probes: [],
    events: { publish: async () => {} },
    answers: NO_ANSWERS,
    hasBroker: false,
    log,
  });
  for (;;) {
    const change = await ports.journal.read();
    if (change?.job.id !== jobId) return;
    const leftMs = waitMs(change, ports);
    if (leftMs > 0) await sleep(Math.min(LOOK_MS, leftMs));
    else if (await settleIfFree(jobId, ports)) return;
  }
}

/** A worker that is started again may still hear the answer: until the deadline, the change is its. */
function waitMs({ window, place }: PendingChange, ports: Ports): number {
  return window?.resumable === true && window.mode === 'manual' && place === ports.place
    ? window.deadlineMs - monotonicMs()
    : 0;
}

async function settleIfFree(jobId: string, ports: Ports): Promise<boolean> {
  try {
    await ports.lock.hold(`end of job ${jobId}`, async (fence) => {
      const change = await ports.journal.read();
      if (change?.job.id === jobId) await settlePending(ports, fence);
    });
    return true;
  } catch (error) {
    if (!(error instanceof LockTimeout || error instanceof LockLost)) throw error;
    return false;
  }
}
