import type { ChannelModel } from 'amqplib';
import { dropConnection } from './connection.ts';

const CLOSE_MS = 2_000;

/** Limits the time of work on a connection, as one that is open but dead never answers. @throws {Error} if it takes longer */
export async function within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), Math.max(1, limitMs));
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Begins to close a connection, and returns at once. If the broker does not answer in time, the connection is cut. */
export function letGo(model: ChannelModel): void {
  const timer = setTimeout(() => dropConnection(model), CLOSE_MS);
  timer.unref();
  model.close().then(
    () => clearTimeout(timer),
    () => dropConnection(model),
  );
}
