import { setTimeout as sleep } from 'node:timers/promises';
import { type ChannelModel, connect } from 'amqplib';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { onOwnChannel } from '../../../src/broker/connection/on-channel.ts';
import { MethodProxy } from '../../support/method-proxy.ts';

/** Longer than a channel is kept on which nothing is asked. */
const IDLE_MS = 6_000;
const EXCHANGE = 'amq.topic';

describe('the channels on which a broker is asked for something', () => {
  let proxy: MethodProxy;
  let model: ChannelModel;
  const ask = async () => await onOwnChannel(model, async (channel) => await channel.checkExchange(EXCHANGE));
  const opened = () => proxy.connections[0]?.get('channel.open');

  beforeEach(async () => {
    proxy = await MethodProxy.start(inject('brokerUrl'));
    model = await connect(proxy.url);
  });
  afterEach(async () => {
    await model.close();
    proxy.stop();
  });

  it('is one for what is asked one after the other', async () => {
    for (let asked = 0; asked < 20; asked += 1) await ask();
    expect(opened()).toBe(1);
  });

  it('are as many as there are questions at the same time, and are used again', async () => {
    await Promise.all([ask(), ask(), ask()]);
    await Promise.all([ask(), ask()]);
    expect(opened()).toBe(3);
  });

  it('is another one after the broker has said no', async () => {
    await ask();
    await expect(
      onOwnChannel(model, async (channel) => await channel.checkQueue('there-is-none')),
    ).rejects.toThrow('NOT_FOUND');
    await ask();
    expect(opened()).toBe(2);
  });

  it('is another one after the work itself has failed', async () => {
    const failing = onOwnChannel(model, async () => await Promise.reject(new Error('of the work')));
    await expect(failing).rejects.toThrow('of the work');
    await ask();
    expect(opened()).toBe(2);
  });

  it('is kept for as long as the connection, and the others are closed after some time', async () => {
    await Promise.all([ask(), ask(), ask()]);
    expect(proxy.connections[0]?.get('channel.close')).toBeUndefined();
    await sleep(IDLE_MS);
    expect(proxy.connections[0]?.get('channel.close')).toBe(2);
    await ask();
    await sleep(IDLE_MS);
    await ask();
    expect(opened()).toBe(3);
    expect(proxy.connections[0]?.get('channel.close')).toBe(2);
  });
});
