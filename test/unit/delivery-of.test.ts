import type { ConsumeMessage } from 'amqplib';
import { describe, expect, it } from 'vitest';
import { deliveryOf } from '../../src/broker/delivery-of.ts';
import { FleetEvent } from '../../src/contract/events/event.ts';
import { COMPLETED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import { StoredOrigin } from '../../src/host/state/stored-change.ts';

/** A message as amqplib has it, of a sender who has set a header that is the broker's to set. */
function attemptOf(redelivered: boolean, headers?: object): number {
  const message = { content: Buffer.from('{}'), fields: { redelivered }, properties: { headers } };
  return deliveryOf(message as unknown as ConsumeMessage, new AbortController().signal).attempt;
}

const NO_COUNTS = [
  0.5,
  -5,
  0,
  1e300,
  2 ** 53,
  Number.NaN,
  Infinity,
  '3',
  null,
  true,
  [2],
  { '!': 'timestamp', value: 3 },
];

describe('the attempt of a delivery', () => {
  it('is what a quorum queue has counted before, and this one', () => {
    expect(attemptOf(true, { 'x-delivery-count': 1 })).toBe(2);
    expect(attemptOf(true, { 'x-delivery-count': 7 })).toBe(8);
  });

  it('is the second where the broker says no more than that it is not the first', () => {
    expect(attemptOf(true)).toBe(2);
    for (const count of NO_COUNTS) expect.soft(attemptOf(true, { 'x-delivery-count': count })).toBe(2);
  });

  it('is the first where the broker says so, whatever the sender has counted', () => {
    expect(attemptOf(false)).toBe(1);
    for (const count of [...NO_COUNTS, 4])
      expect.soft(attemptOf(false, { 'x-delivery-count': count })).toBe(1);
  });

  it('can be read again from a journal and from a result', () => {
    for (const redelivered of [true, false]) {
      for (const count of [...NO_COUNTS, 4, 2 ** 53 - 1]) {
        const attempt = attemptOf(redelivered, { 'x-delivery-count': count });
        const origin = { attempt, redelivered, authenticated: false, deliveredAt: '', headers: {} };
        expect.soft(StoredOrigin.safeParse(origin).data?.attempt).toBe(attempt);
        const event = { ...COMPLETED_EXAMPLE, data: { ...COMPLETED_EXAMPLE.data, attempt } };
        expect.soft(FleetEvent.safeParse(event).success).toBe(true);
      }
    }
  });
});
