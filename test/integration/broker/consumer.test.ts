import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChannelModel, connect } from 'amqplib';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { Lacks } from '../../../src/broker/connection/lacks.ts';
import { type ConsumerOptions, QueueConsumer } from '../../../src/broker/consumer.ts';
import { silentLog } from '../../../src/log/logger.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';

/** Several times as long as a broker that is far takes to answer. */
const LATER_MS = 1_500;
/** While the question of a consumer is under way to a broker that is far. */
const SOON_MS = 150;

describe('the consumer of a queue', () => {
  const queue = `consumed-${randomUUID()}`;
  let proxy: FaultProxy;
  let near: ChannelModel;
  let far: ChannelModel;

  beforeEach(async () => {
    proxy = await FaultProxy.start(inject('brokerUrl'));
    near = await connect(inject('brokerUrl'));
    far = await connect(proxy.url);
    const channel = await near.createConfirmChannel();
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    channel.sendToQueue(queue, Buffer.from('waits'));
    await channel.waitForConfirms();
  });
  afterEach(async () => {
    await near.createChannel().then(async (channel) => await channel.deleteQueue(queue));
    await Promise.all([near.close(), far.close()]);
    proxy.stop();
  });

  function consumer(options: Partial<ConsumerOptions> = {}): QueueConsumer {
    return new QueueConsumer({
      queue,
      prefetch: 1,
      handle: async () => await Promise.resolve('acknowledge'),
      prepare: async () => {},
      lacks: new Lacks(silentLog()),
      log: silentLog(),
      ...options,
    });
  }

  it.each([1, 2, 3, 4, 5, 6])(
    'that is stopped while it begins to consume takes nothing, and leaves no consumer: %i',
    async (times) => {
      proxy.mode = 'far';
      const taken: string[] = [];
      const stopped = consumer({
        handle: async ({ body }) => {
          taken.push(body.toString());
          return await Promise.resolve('acknowledge');
        },
      });
      stopped.open(far);
      await sleep(times * SOON_MS);
      const isEarly = !stopped.isConsuming;
      await stopped.stop();
      await sleep(LATER_MS);
      const channel = await near.createChannel();
      expect((await channel.checkQueue(queue)).consumerCount).toBe(0);
      if (isEarly) {
        expect(taken).toEqual([]);
        expect((await channel.get(queue, { noAck: true })) || null).toMatchObject({
          content: Buffer.from('waits'),
        });
      }
    },
  );

  it('tells that what waited is dealt with once the broker has nothing left, and not before', async () => {
    const taken: string[] = [];
    const draining = consumer({
      drainsFirst: true,
      handle: async ({ body }) => {
        await sleep(SOON_MS);
        taken.push(body.toString());
        return 'acknowledge';
      },
    });
    proxy.mode = 'far';
    draining.open(far);
    await draining.drained;
    expect(taken).toEqual(['waits']);
    await draining.stop();
  });
});
