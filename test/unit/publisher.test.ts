import { EventEmitter } from 'node:events';
import type { ChannelModel } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NoConfirm } from '../../src/broker/publish/publish-failed.ts';
import { Publisher } from '../../src/broker/publish/publisher.ts';

const MESSAGE = {
  exchange: 'fleetwall.events',
  key: 'host.web-1',
  body: Buffer.from('{}'),
  contentType: 'application/json',
  messageId: '1',
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A broker that confirms nothing on the first channels: a real one that does so cannot be told when. */
function brokerWithSpoiltChannels(spoilt: number) {
  const channels: { published: number; isClosed: boolean }[] = [];
  const emitters: EventEmitter[] = [];
  const createConfirmChannel = async () => {
    const seen = { published: 0, isClosed: false };
    channels.push(seen);
    const isSpoilt = channels.length <= spoilt;
    const emitter = new EventEmitter();
    emitters.push(emitter);
    return Object.assign(emitter, {
      publish: (...args: unknown[]) => {
        seen.published += 1;
        if (!isSpoilt) (args[4] as (error: null) => void)(null);
        return true;
      },
      close: async () => void (seen.isClosed = true),
    });
  };
  const model = Object.assign(new EventEmitter(), {
    createConfirmChannel,
    // It sends heartbeats.
    connection: {
      stream: {
        destroyed: false,
        writableEnded: false,
        get bytesRead() {
          return performance.now();
        },
      },
    },
  });
  const closeListeners = () => emitters.map((emitter) => emitter.listenerCount('close'));
  return { model: model as unknown as ChannelModel, channels, closeListeners };
}

async function ended(publishing: Promise<unknown>): Promise<unknown> {
  return await publishing.then(
    (routed) => routed,
    (error: Error) => error.constructor,
  );
}

describe('messages that are not confirmed', () => {
  it('are followed by others on one channel of their own, and not on a new one each', async () => {
    const { model, channels, closeListeners } = brokerWithSpoiltChannels(1);
    const publisher = new Publisher({ restore: async () => {}, inOrder: true, leaveMs: 15_000 });
    await publisher.open(model);
    const first = ended(publisher.publish(MESSAGE));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await first).toBe(NoConfirm);
    for (let count = 0; count < 10; count += 1) expect(await publisher.publish(MESSAGE)).toBe('routed');
    expect(channels.map(({ published }) => published)).toEqual([1, 10]);
    // Nothing is added to a channel with each message.
    const [main, apart] = closeListeners();
    expect(apart).toBe(main);
    // A minute later, one channel is enough again.
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await publisher.publish(MESSAGE)).toBe('routed');
    expect(channels).toEqual([
      { published: 1, isClosed: true },
      { published: 10, isClosed: true },
      { published: 1, isClosed: false },
    ]);
    publisher.close();
  });

  it('get a new channel each for as long as that is not confirmed either', async () => {
    const { model, channels } = brokerWithSpoiltChannels(3);
    const publisher = new Publisher({ restore: async () => {}, inOrder: true, leaveMs: 60_000 });
    await publisher.open(model);
    for (let count = 0; count < 3; count += 1) {
      const next = ended(publisher.publish(MESSAGE));
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await next).toBe(NoConfirm);
    }
    expect(await publisher.publish(MESSAGE)).toBe('routed');
    expect(channels.map(({ published }) => published)).toEqual([1, 1, 1, 1]);
    publisher.close();
  });

  it('are waited for while something shows that they arrive', async () => {
    const { model, channels } = brokerWithSpoiltChannels(1);
    const publisher = new Publisher({ restore: async () => {}, inOrder: false, leaveMs: 60_000 });
    await publisher.open(model);
    let lastSignMs = 0;
    const signs = setInterval(() => (lastSignMs = performance.now()), 1_000);
    let end: unknown = null;
    const publishing = ended(publisher.publish(MESSAGE, { lastSignMs: () => lastSignMs })).then(
      (is) => (end = is),
    );
    await vi.advanceTimersByTimeAsync(20_000);
    expect(end).toBe(null);
    clearInterval(signs);
    await vi.advanceTimersByTimeAsync(3_000);
    await publishing;
    expect(end).toBe(NoConfirm);
    expect(channels).toHaveLength(1);
    publisher.close();
  });
});
