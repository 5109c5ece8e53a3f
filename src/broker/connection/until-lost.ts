import type { ChannelModel } from 'amqplib';

/** @throws {Error} if the connection is lost first: what was asked of the broker then need not have an answer */
export async function untilLost<T>(model: ChannelModel, work: Promise<T>): Promise<T> {
  let onClose = () => {};
  const lost = new Promise<never>((_, reject) => {
    onClose = () => reject(new Error('the connection was lost'));
    model.once('close', onClose);
  });
  try {
    return await Promise.race([work, lost]);
  } finally {
    model.off('close', onClose);
  }
}
