import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';

/**
 * Opens a channel whose `error` events are ignored: whoever asked for something gets the error as well, and an `error` without a
 * listener would end the process.
 */
export async function openChannel(model: ChannelModel): Promise<Channel> {
  return quiet(await model.createChannel());
}

/** Opens such a channel, on which the broker also confirms what is published. */
export async function openConfirmChannel(model: ChannelModel): Promise<ConfirmChannel> {
  return quiet(await model.createConfirmChannel());
}

function quiet<T extends Channel>(channel: T): T {
  channel.on('error', () => {});
  return channel;
}

/** Closes a channel without waiting for the broker's answer, which nobody needs. */
export function closeChannel(channel: Channel): void {
  channel.close().catch(() => {});
}
