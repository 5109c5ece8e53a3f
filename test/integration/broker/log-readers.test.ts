import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { FleetLink } from '../../../src/broker/fleet-link.ts';
import { OPERATOR_EXCHANGE } from '../../../src/contract/words/names.ts';
import { silentLog } from '../../../src/log/logger.ts';

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
