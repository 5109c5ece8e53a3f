import { randomUUID } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { FleetLink } from '../../../src/broker/fleet-link.ts';
import { OPERATOR_EXCHANGE } from '../../../src/contract/words/names.ts';
import { silentLog } from '../../../src/log/logger.ts';

it('a message that nobody waits for any more is no fault of the broker', async () => {
  const { hostname, port } = new URL(inject('brokerUrl'));
  const access = { addresses: [{ hostname, port: Number(port) }], tls: { external: false } };
  const warnings: string[] = [];
  const log = { ...silentLog(), warn: (_: object, message: string) => void warnings.push(message) };
  const link = await FleetLink.connect({ access, name: 'publisher', log });
  const enough = new AbortController();
  const message = {
    exchange: OPERATOR_EXCHANGE,
    key: 'marker.given-up',
    body: Buffer.from('{}'),
    contentType: 'application/json',
    messageId: randomUUID(),
  };
  const publishing = link.publish(message, enough.signal);
  enough.abort();
  await expect(publishing).rejects.toBe(enough.signal.reason);
  expect(warnings).toEqual([]);
  // It is still there for what is waited for.
  await link.publish(message);
  await link.close();
});
