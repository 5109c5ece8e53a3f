import type { ChannelModel } from 'amqplib';
import { onOwnChannel } from './on-channel.ts';
import { openChannel } from './open-channel.ts';
import { NOT_FOUND, RESOURCE_LOCKED, replyCode } from './reply-codes.ts';

/**
 * Takes a name that only one connection can have, as a queue of its own.
 *
 * @returns whether the name was free
 * @throws {Error} what the broker said
 */
export async function takeName(model: ChannelModel, name: string): Promise<boolean> {
  const channel = await openChannel(model);
  try {
    await channel.assertQueue(name, { exclusive: true, durable: false });
    await channel.close();
    return true;
  } catch (error) {
    if (replyCode(error) === RESOURCE_LOCKED) return false;
    throw error;
  }
}

/** @returns whether a connection has taken it @throws {Error} what the broker said */
export async function isTaken(model: ChannelModel, name: string): Promise<boolean> {
  try {
    await onOwnChannel(model, (channel) => channel.checkQueue(name));
    return true;
  } catch (error) {
    if (replyCode(error) === RESOURCE_LOCKED) return true;
    if (replyCode(error) === NOT_FOUND) return false;
    throw error;
  }
}
