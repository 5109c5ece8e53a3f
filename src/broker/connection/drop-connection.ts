import type { ChannelModel } from 'amqplib';

/** Cuts a connection to a broker that does not answer any more, without saying so to the broker. */
export function dropConnection(model: ChannelModel): void {
  const { stream } = model.connection as unknown as { stream: { destroy(error?: Error): void } };
  stream.destroy(new Error('the broker does not answer any more'));
}
