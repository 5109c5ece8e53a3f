import { expect, it } from 'vitest';
import type { OutgoingMessage } from '../../src/broker/publish/publish-channel.ts';
import type { IncomingMessage } from '../../src/broker/stream-source.ts';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { LogMarker } from '../../src/central/log/log-marker.ts';

/** As the log has it. */
async function published(marker: LogMarker): Promise<OutgoingMessage & IncomingMessage> {
  const messages: OutgoingMessage[] = [];
  const publish = async (message: OutgoingMessage) => {
    messages.push(message);
    return 'routed' as const;
  };
  await marker.publish({ publish }, undefined);
  const [message] = messages;
  if (message === undefined) throw new Error('nothing was published');
  return { ...message, user: undefined, offset: 7 };
}

it('a marker is known to whoever published it, and by its key alone', async () => {
  const [own, other] = [new LogMarker(), new LogMarker()];
  const message = await published(own);
  expect(message.key).toMatch(/^marker\.[0-9a-f-]{36}$/);
  expect(own.is(message)).toBe(true);
  expect(other.is(message)).toBe(false);
});

it('a marker that is published again is another event', async () => {
  const marker = new LogMarker();
  const [one, two] = [await published(marker), await published(marker)];
  expect(one.key).toBe(two.key);
  expect(one.messageId).not.toBe(two.messageId);
});

it.each([
  ['of now', async () => await published(new LogMarker())],
  ['of before', async () => ({ ...(await published(new LogMarker())), body: Buffer.from('{}') })],
])('readers of events pass over a marker %s', async (_, make) => {
  const reader = new EventReader(undefined);
  const message = await make();
  expect(reader.read(message)).toBeNull();
  expect(reader.readForgotten(message)).toBeNull();
  expect(reader.unbelieved).toEqual([]);
});
