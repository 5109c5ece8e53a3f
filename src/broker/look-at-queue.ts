import type { ChannelModel } from 'amqplib';
import { onOwnChannel } from './connection/on-channel.ts';
import { NOT_FOUND, replyCode } from './connection/reply-codes.ts';
import { within } from './connection/within.ts';

/** A queue on a node that hangs gives no answer. */
const LOOK_MS = 3_000;

/** How many messages a queue or stream has, about, and how many consumers; `null`: it is not there. @throws {Error} what the broker said */
export async function lookAtQueue(
  model: ChannelModel,
  queue: string,
): Promise<{ messageCount: number; consumerCount: number } | null> {
  try {
    const check = async () => await onOwnChannel(model, (channel) => channel.checkQueue(queue));
    return await within(LOOK_MS, check);
  } catch (error) {
    if (replyCode(error) === NOT_FOUND) return null;
    throw error;
  }
}
