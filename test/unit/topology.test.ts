import type { ChannelModel } from 'amqplib';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ensureHostQueue, jobsQueue } from '../../src/broker/connection/topology.ts';

const QUEUE = jobsQueue('web-1', 'quorum');
const TOPOLOGY = { hostId: 'web-1', groups: [], leftGroups: [] };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A broker that has no queue, and is so busy that it takes longer to make one than an answer is waited for. */
function busyBroker(makesAfterMs: number) {
  const asked: string[] = [];
  const notFound = Object.assign(new Error('NOT_FOUND'), { code: 404 });
  const createChannel = async () => ({
    on: () => {},
    once: () => {},
    close: async () => {},
    checkQueue: async () => {
      asked.push('look');
      throw notFound;
    },
    assertQueue: async () => {
      asked.push('make');
      await new Promise((resolve) => {
        if (Number.isFinite(makesAfterMs)) setTimeout(resolve, makesAfterMs);
      });
    },
    bindQueue: async () => void asked.push('bind'),
  });
  return { model: { createChannel } as unknown as ChannelModel, asked };
}

it('a queue that a busy broker is still making is waited for, and not made or looked at again', async () => {
  const { model, asked } = busyBroker(25_000);
  const ends: string[] = [];
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const made = ensureHostQueue(model, QUEUE, TOPOLOGY).then(
      () => 'made',
      (error: Error) => error.name,
    );
    await vi.advanceTimersByTimeAsync(10_000);
    ends.push(await made);
  }
  expect(ends).toEqual(['NoAnswer', 'NoAnswer', 'made']);
  expect(asked).toEqual(['look', 'make', 'bind', 'bind']);
});

it('what is not answered within a minute is asked again', async () => {
  const { model, asked } = busyBroker(Number.POSITIVE_INFINITY);
  const attempt = async () => {
    const made = ensureHostQueue(model, QUEUE, TOPOLOGY).catch(() => {});
    await vi.advanceTimersByTimeAsync(10_000);
    await made;
  };
  for (let count = 0; count < 6; count += 1) await attempt();
  expect(asked).toEqual(['look', 'make']);
  await vi.advanceTimersByTimeAsync(10_000);
  await attempt();
  expect(asked).toEqual(['look', 'make', 'look', 'make']);
});
