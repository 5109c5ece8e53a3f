import type { FleetLink } from '../../broker/fleet-link.ts';
import type { IncomingMessage, StreamStart } from '../../broker/stream-source.ts';

/** Messages of the log, as something to iterate over. */
export class EventStream<T> implements AsyncIterable<T> {
  readonly #link: Pick<FleetLink, 'read'>;
  readonly #start: StreamStart;
  readonly #read: (message: IncomingMessage) => T | null;
  readonly #signal: AbortSignal | undefined;

  constructor(
    link: Pick<FleetLink, 'read'>,
    start: StreamStart,
    read: (message: IncomingMessage) => T | null,
    signal?: AbortSignal,
  ) {
    this.#link = link;
    this.#start = start;
    this.#read = read;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    const queue: T[] = [];
    let wake: () => void = () => {};
    const onAbort = () => wake();
    this.#signal?.addEventListener('abort', onAbort);
    const take = (message: IncomingMessage) => {
      const item = this.#read(message);
      if (item === null) return;
      queue.push(item);
      wake();
    };
    let stop = async () => {};
    try {
      stop = await this.#link.read(this.#start, take, undefined, this.#signal);
      while (this.#signal?.aborted !== true) {
        const item = queue.shift();
        if (item === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else yield item;
      }
    } catch (error) {
      // It may be told to end before the broker has answered: that is an end like any other.
      if (this.#signal?.aborted !== true) throw error;
    } finally {
      this.#signal?.removeEventListener('abort', onAbort);
      await stop();
    }
  }
}
