import { type ConsumeMessage, connect } from 'amqplib';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { FleetLink } from '../../../src/broker/fleet-link.ts';
import { hostJobsQueue, OPERATOR_EXCHANGE } from '../../../src/contract/words/names.ts';
import { silentLog } from '../../../src/log/logger.ts';
import { fleetwall } from '../../support/command-line.ts';
import { messageValidators } from '../../support/message-schemas.ts';

let link: FleetLink;

beforeAll(async () => {
  const { hostname, port } = new URL(inject('brokerUrl'));
  const access = { addresses: [{ hostname, port: Number(port) }], tls: { external: false } };
  link = await FleetLink.connect({ access, name: 'reader', log: silentLog() });
});
afterAll(async () => await link.close());

it('who has given the event log up before it could be had, hears nothing of it later', async () => {
  const key = `marker.given-up-${process.pid}`;
  const heard: string[] = [];
  const givenUp = new AbortController();
  const reading = link.read(
    'next',
    (message) => heard.push(message.key),
    () => {},
    givenUp.signal,
  );
  givenUp.abort();
  await expect(reading).rejects.toBe(givenUp.signal.reason);
  const others: string[] = [];
  const stop = await link.read('next', (message) => others.push(message.key));
  const connection = await connect(inject('brokerUrl'));
  const channel = await connection.createChannel();
  channel.publish(OPERATOR_EXCHANGE, key, Buffer.from('{}'));
  await expect.poll(() => others).toContain(key);
  expect(heard).toEqual([]);
  await stop();
  await connection.close();
});

it.each([
  ['logMarker', ['history', '--json'], /^marker\.[0-9a-f-]{36}$/],
  ['hostForgotten', ['forget', 'gone-1'], /^host\.gone-1\.forgotten$/],
])('what an operator writes to the event log is a CloudEvent: %s', async (name, command, key) => {
  const connection = await connect(inject('brokerUrl'));
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, OPERATOR_EXCHANGE, '#');
  // What is forgotten has to be known by something: a queue of its own.
  await channel.assertQueue(hostJobsQueue('gone-1'), { durable: true });
  const written: ConsumeMessage[] = [];
  const note = (message: ConsumeMessage | null) => void (message !== null && written.push(message));
  await channel.consume(queue, note, { noAck: true });
  const { status, stderr } = await fleetwall(command, {
    environment: { FLEETWALL_AMQP_URL: inject('brokerUrl') },
  });
  expect([status, stderr]).toEqual([0, expect.anything()]);

  const own = () => written.filter(({ fields }) => key.test(fields.routingKey));
  await expect.poll(() => own().length).toBeGreaterThan(0);
  const { payload, headers } = messageValidators().get(name) ?? {};
  for (const { content, properties } of own()) {
    const event = JSON.parse(content.toString('utf8')) as Record<string, string>;
    expect(payload?.(event), JSON.stringify(payload?.errors)).toBe(true);
    expect(headers?.(properties.headers), JSON.stringify(headers?.errors)).toBe(true);
    expect(properties).toMatchObject({
      contentType: 'application/cloudevents+json',
      deliveryMode: 2,
      messageId: event['id'],
      type: event['type'],
      headers: { 'ce-id': event['id'], 'ce-type': event['type'], 'ce-subject': event['subject'] },
    });
  }
  await channel.deleteQueue(hostJobsQueue('gone-1'));
  await connection.close();
});
