import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NoAnswer } from '../../src/broker/connection/within.ts';
import { ConnectionRenewal } from '../../src/broker/publish/connection-renewal.ts';
import { PublishFailed } from '../../src/broker/publish/publish-failed.ts';

const LEAVE_MS = 3_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A connection whose node works, and sends a heartbeat every three seconds, or hangs. */
function connectionTo(node: 'works' | 'hangs') {
  const stream = {
    destroyed: false,
    writableEnded: false,
    bytesRead: 0,
    destroy: () => void (stream.destroyed = true),
  };
  if (node === 'works') setInterval(() => (stream.bytesRead += 8), 3_000);
  return { model: { connection: { stream } } as never, stream };
}

it('leaves a node that neither confirms nor sends anything, before its heartbeats are missed', async () => {
  const { model, stream } = connectionTo('hangs');
  new ConnectionRenewal(LEAVE_MS).watch(model);
  await vi.advanceTimersByTimeAsync(900);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(stream.destroyed).toBe(true);
});

it('stays with a node that sends heartbeats, however busy it is, whatever one of its queues waits for', async () => {
  const { model, stream } = connectionTo('works');
  const renewal = new ConnectionRenewal(LEAVE_MS);
  for (let message = 0; message < 30; message += 1) {
    renewal.watch(model);
    await vi.advanceTimersByTimeAsync(700);
  }
  expect(stream.destroyed).toBe(false);
});

it('does not look at the node for a message that was confirmed in time', async () => {
  const { model, stream } = connectionTo('hangs');
  const end = new ConnectionRenewal(LEAVE_MS).watch(model);
  await vi.advanceTimersByTimeAsync(900);
  end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(stream.destroyed).toBe(false);
});

it('leaves a node on which nothing was confirmed for three seconds, and the next one not soon after', async () => {
  const renewal = new ConnectionRenewal(LEAVE_MS);
  const failFor = async (ms: number, model: never) => {
    for (let passed = 0; passed <= ms; passed += 1_000) {
      renewal.noteFailure(model, passed % 2_000 === 0 ? new PublishFailed('no') : new NoAnswer('no'));
      await vi.advanceTimersByTimeAsync(1_000);
    }
  };
  const first = connectionTo('works');
  await failFor(2_000, first.model);
  expect(first.stream.destroyed).toBe(false);
  await failFor(1_000, first.model);
  expect(first.stream.destroyed).toBe(true);
  const second = connectionTo('works');
  await failFor(25_000, second.model);
  expect(second.stream.destroyed).toBe(false);
  await failFor(60_000, second.model);
  expect(second.stream.destroyed).toBe(true);
});

it('a message that is confirmed begins the count anew', async () => {
  const { model, stream } = connectionTo('works');
  const renewal = new ConnectionRenewal(LEAVE_MS);
  for (let round = 0; round < 5; round += 1) {
    renewal.noteFailure(model, new PublishFailed('no'));
    await vi.advanceTimersByTimeAsync(2_000);
    renewal.noteConfirm();
  }
  expect(stream.destroyed).toBe(false);
  renewal.noteFailure(model, new Error('403'));
  await vi.advanceTimersByTimeAsync(10_000);
  renewal.noteFailure(model, new Error('403'));
  expect(stream.destroyed).toBe(false);
});
