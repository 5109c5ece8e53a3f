import type { ChannelModel } from 'amqplib';
import { dropConnection } from './connection.ts';

const CLOSE_MS = 2_000;

/** A connection that is open and dead answers neither yes nor no. */
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

/** Says good-bye, and does not wait for ever for the answer. */
export function letGo(model: ChannelModel): void {
  const timer = setTimeout(() => dropConnection(model), CLOSE_MS);
  timer.unref();
  model.close().then(
    () => clearTimeout(timer),
    () => dropConnection(model),
  );
}
