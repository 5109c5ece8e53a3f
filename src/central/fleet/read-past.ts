import type { FleetLink } from '../../broker/fleet-link.ts';
import type { IncomingMessage } from '../../broker/stream-source.ts';
import { EventStream } from './event-stream.ts';
import { LogMarker } from './log-marker.ts';

const END = Symbol('the end of what was there');

/** Messages of the log from a time on, up to where it ends now. */
export async function* readPast<T>(
  link: FleetLink,
  since: Date,
  read: (message: IncomingMessage) => T | null,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  const marker = new LogMarker();
  await marker.publish(link, signal);
  const readOrEnd = (message: IncomingMessage) => (marker.is(message) ? END : read(message));
  for await (const item of new EventStream<T | typeof END>(link, { since }, readOrEnd, signal)) {
    if (item === END) return;
    yield item;
  }
  signal?.throwIfAborted();
}
