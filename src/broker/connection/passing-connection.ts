import type { ChannelModel } from 'amqplib';
import { dropConnection } from './socket.ts';

const CLOSE_MS = 2_000;

/** Begins to close a connection, and returns at once. If the broker does not answer in time, the connection is cut. */
export function letGo(model: ChannelModel): void {
  const timer = setTimeout(() => dropConnection(model), CLOSE_MS);
  timer.unref();
  model.close().then(
    () => clearTimeout(timer),
    () => dropConnection(model),
  );
}
