import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { ANSWER_MS } from './connection/on-channel.ts';
import { closeChannel, openChannel } from './connection/open-channel.ts';
import { within } from './connection/within.ts';

/** A channel that is consumed on. */
export interface Consuming {
  channel: Channel;
  tag: string;
  /** Resolves once the channel is closed, with what the broker said if it was the broker who closed it. */
  closed: Promise<Error | null>;
}

/**
 * Consumes a queue exclusively, on a channel of its own.
 *
 * @param prefetch how many messages may be in hand at once
 * @param onMessage gets the signal that the broker has taken the message back
 * @throws {Error} what the broker said, or that it does not answer
 */
export async function beginConsuming(
  model: ChannelModel,
  queue: string,
  prefetch: number,
  onMessage: (channel: Channel, gone: AbortSignal, message: ConsumeMessage) => void,
): Promise<Consuming> {
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
  const receive = (message: ConsumeMessage | null) => {
    // The broker has cancelled the consumer: the queue is gone, or its node.
    if (message === null) closeChannel(channel);
    else onMessage(channel, gone.signal, message);
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
