import { EventEmitter } from 'node:events';
import type { ChannelModel } from 'amqplib';
import { expect, it } from 'vitest';
import { LogReaders } from '../../src/broker/log-readers.ts';
import { StreamSource } from '../../src/broker/stream-source.ts';
import { silentLog } from '../../src/log/logger.ts';

/** Longer than a try is waited for. RabbitMQ 4 needs up to 14 s while the node hangs that is the first of the cluster by its name. */
const ANSWER_MS = 5_000;
const TEST_MS = 30_000;

/** A node that begins to send a stream so long after it was asked to, over each channel. */
function slowNode() {
  const deliver: ((offset: number) => void)[] = [];
  let closed = 0;
  const createChannel = async () => {
    const channel = Object.assign(new EventEmitter(), {
      prefetch: async () => {},
      close: async () => {
        closed += 1;
        channel.emit('close');
      },
      consume: async (_: string, onMessage: (message: object) => void) => {
        await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
        deliver.push((offset) => onMessage(messageAt(offset)));
      },
    });
    return channel;
  };
  const stream = { destroyed: false, writableEnded: false, destroy: () => (stream.destroyed = true) };
  const model = Object.assign(new EventEmitter(), { createChannel, connection: { stream } });
  return { model: model as unknown as ChannelModel, stream, deliver, closed: () => closed };
}

function messageAt(offset: number): object {
  const fields = { exchange: 'fleetwall.events', routingKey: 'web-1.job.started' };
  return { content: Buffer.from('{}'), fields, properties: { headers: { 'x-stream-offset': offset } } };
}

it(
  'reads an event log that a node begins to send only after many seconds, each message once',
  async () => {
    const { model, stream, deliver, closed } = slowNode();
    const heard: (number | null)[] = [];
    const source = new StreamSource('log', 'next', ({ offset }) => heard.push(offset));
    const stop = await new LogReaders(async () => model, silentLog()).add(source, () => {});
    expect(deliver).toHaveLength(1);
    // It was tried again beside the first try; what comes of that is let go, and not heard.
    await expect.poll(closed, { timeout: 2 * ANSWER_MS }).toBe(1);
    expect(deliver).toHaveLength(2);
    for (const send of deliver) send(7);
    expect(heard).toEqual([7]);
    expect(stream.destroyed).toBe(false);
    await stop();
  },
  TEST_MS,
);
