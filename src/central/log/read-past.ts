import type { FleetLink } from '../../broker/fleet-link.ts';
import type { IncomingMessage, StreamStart } from '../../broker/stream-source.ts';
import { EventStream } from './event-stream.ts';
import { LogMarker } from './log-marker.ts';

const END = Symbol('the end of what was there');

/**
 * Messages of the log from a time on, up to where it ends now.
 *
 * @param onEnd called with where the log goes on behind that
 */
export async function* readPast<T>(
  link: FleetLink,
  since: Date,
  read: (message: IncomingMessage) => T | null,
  signal?: AbortSignal,
  onEnd: (next: StreamStart) => void = () => {},
): AsyncGenerator<T> {
  const marker = new LogMarker();
  await marker.publish(link, signal);
  const readOrEnd = (message: IncomingMessage) => {
    if (!marker.is(message)) return read(message);
    onEnd(message.offset === null ? 'next' : { offset: message.offset + 1 });
    return END;
  };
  for await (const item of new EventStream<T | typeof END>(link, { since }, readOrEnd, signal)) {
    if (item === END) return;
    yield item;
  }
  signal?.throwIfAborted();
}
