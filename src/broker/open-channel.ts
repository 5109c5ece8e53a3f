import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';

/**
 * A channel of which nobody listens to errors: one that closes it comes to whoever asked for something, too, and the event would
 * end the process.
 */
export async function openChannel(model: ChannelModel): Promise<Channel> {
  return quiet(await model.createChannel());
}

/** … on which the broker confirms what is published. */
export async function openConfirmChannel(model: ChannelModel): Promise<ConfirmChannel> {
  return quiet(await model.createConfirmChannel());
}

function quiet<T extends Channel>(channel: T): T {
  channel.on('error', () => {});
  return channel;
}

/** Says that it is no longer wanted, and does not wait: the answer is of no use to anybody. */
export function closeChannel(channel: Channel): void {
  channel.close().catch(() => {});
}
