import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { ANSWER_MS } from './connection/on-channel.ts';
import { closeChannel, openChannel } from './connection/open-channel.ts';
import { within } from './connection/within.ts';
import type { Received } from './hand-on.ts';

/** A channel on which messages come, and nothing is asked. */
export interface Receiving extends Pick<Received, 'channel' | 'gone'> {
  /** Resolves once the channel is closed, with what the broker said if it was the broker who closed it. */
  closed: Promise<Error | null>;
}

/** A channel that is consumed on. */
export interface Consuming extends Pick<Receiving, 'channel' | 'closed'> {
  tag: string;
}

/** @throws {Error} what the broker said */
export async function openReceiving(model: ChannelModel): Promise<Receiving> {
  const channel = await openChannel(model);
  const gone = new AbortController();
  const closed = new Promise<Error | null>((resolve) => {
    let reason: Error | null = null;
    channel.once('error', (error: Error) => (reason = error));
    channel.once('close', () => {
      gone.abort();
      resolve(reason);
    });
  });
  return { channel, gone: gone.signal, closed };
}

/**
 * Takes what waits in a queue, one message after the other, until the broker says that nothing is left. A consumer is never told that: it
 * could only wait for a while, and nobody knows how long the next message takes to a host that is far away.
 *
 * @param onMessage resolves once the message is done with, with whether the next one is wanted
 * @throws {Error} what the broker said, or that it does not answer; the channel is closed then
 */
export async function drainQueue(
  { channel, gone }: Receiving,
  queue: string,
  onMessage: (received: Received) => Promise<boolean>,
): Promise<void> {
  try {
    let isWanted = true;
    while (isWanted) {
      const message = await within(ANSWER_MS, async () => await channel.get(queue));
      isWanted = message !== false && (await onMessage({ message, channel, gone }));
    }
  } catch (error) {
    closeChannel(channel);
    throw error;
  }
}

/**
 * Consumes a queue exclusively.
 *
 * @param prefetch how many messages may be in hand at once
 * @throws {Error} what the broker said, or that it does not answer; the channel is of no more use then
 */
export async function beginConsuming(
  { channel, gone, closed }: Receiving,
  queue: string,
  prefetch: number,
  onMessage: (received: Received) => void,
): Promise<Consuming> {
  const receive = (message: ConsumeMessage | null) => {
    // The broker has cancelled the consumer: the queue is gone, or its node.
    if (message === null) closeChannel(channel);
    else onMessage({ message, channel, gone });
  };
  const consuming = (async () => {
    await channel.prefetch(prefetch);
    return await channel.consume(queue, receive, { exclusive: true });
  })();
  try {
    const { consumerTag: tag } = await within(ANSWER_MS, () => consuming);
    return { channel, tag, closed };
  } catch (error) {
    // Should it succeed after all, it would be one consumer too many.
    consuming.then(
      () => closeChannel(channel),
      () => {},
    );
    throw error;
  }
}
