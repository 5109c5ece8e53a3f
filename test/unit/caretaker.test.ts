import { describe, expect, it, vi } from 'vitest';
import { UNDONE_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import { WaitingJobs } from '../../src/job/intake/waiting-jobs.ts';
import type { PendingChange } from '../../src/job/ports/pending.ts';
import type { Ports } from '../../src/job/ports/ports.ts';
import { StateUnavailable } from '../../src/job/ports/stores.ts';
import { WorkerCaretaker } from '../../src/worker/upkeep/caretaker.ts';
import { settleAtStart } from '../../src/worker/upkeep/settle-at-start.ts';

const POLL = { timeout: 30_000 };
const OWED = { job: { id: UNDONE_EXAMPLE.subject }, owed: { since: UNDONE_EXAMPLE.time } } as PendingChange;
const noFork = new Error('/usr/bin/flock failed: spawn EAGAIN');

/** A host without a broker, whose lock fails with one of `troubles` after the other. */
function host(troubles: Error[]) {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const publish = vi.fn(async () => {
    throw new Error('there is no broker');
  });
  const hold = vi.fn(async () => {
    const trouble = troubles.shift();
    if (trouble !== undefined) throw trouble;
    return null;
  });
  const wake = vi.fn();
  const ports = {
    lock: { isBusy: false, hold },
    journal: { peek: async () => (troubles.length > 0 ? OWED : null) },
    undone: { list: async () => [{ event: UNDONE_EXAMPLE, headers: { traceparent: '00-a-b-01' } }] },
    events: { publish },
    caretaker: { wake },
    log,
  } as unknown as Ports;
  return { ports, hold, publish, wake };
}

describe('the caretaker', () => {
  it('goes on after every error, and gives each undone event to the outbox once', {
    timeout: 60_000,
  }, async () => {
    const troubles = [noFork, new StateUnavailable('the disk is full'), noFork];
    const { ports, hold, publish } = host(troubles);
    const caretaker = new WorkerCaretaker();
    caretaker.wake();
    caretaker.start(ports, new WaitingJobs());
    await expect.poll(() => troubles.length, POLL).toBe(0);
    caretaker.wake();
    caretaker.wake();
    await caretaker.stop();
    expect(hold).toHaveBeenCalledTimes(3);
    expect(publish).toHaveBeenCalledExactlyOnceWith(UNDONE_EXAMPLE, { traceparent: '00-a-b-01' });
  });
});

describe('the start of a worker', () => {
  it('tries again after an error that may pass soon, such as a failed fork', {
    timeout: 60_000,
  }, async () => {
    const { ports, hold, wake } = host([noFork, noFork]);
    await settleAtStart(ports, new AbortController().signal);
    expect(hold).toHaveBeenCalledTimes(3);
    expect(wake).not.toHaveBeenCalled();
  });

  it('leaves a state that cannot be read to the caretaker at once', async () => {
    const { ports, hold, wake } = host([new StateUnavailable('the disk is broken')]);
    await settleAtStart(ports, new AbortController().signal);
    expect(hold).toHaveBeenCalledTimes(1);
    expect(wake).toHaveBeenCalledTimes(1);
  });
});
