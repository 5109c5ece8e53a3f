import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from '../../broker/connection/abortable.ts';
import type { FleetLink } from '../../broker/fleet-link.ts';
import type { IncomingMessage } from '../../broker/stream-source.ts';
import type { EventReader } from '../../central/log/event-reader.ts';
import { EVENT_LOG_STREAM } from '../../contract/words/names.ts';

/** How far the log was read the first time: how many messages, of about how many. `null`: to its end. */
export type Reading = { read: number; of: number } | null;

type Link = Pick<FleetLink, 'read' | 'countIn'>;

const LOOK_MS = 50;
const FETCH_MS = 10_000;
const QUIET_MS = 3_000;
/** Each takes a channel of the connection for a moment. */
const MOST_FETCHES = 64;

/** More was asked for at a time than can be answered. */
export class TooMany extends Error {}

/** The event log, for whoever may only read: from a time on, and then what comes. */
export class LogSource {
  readonly #link: Link;
  #reading: Reading = { read: 0, of: 0 };
  #stop: () => Promise<void> = async () => {};
  #fetching = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  get reading(): Reading {
    return this.#reading;
  }

  /**
   * Resolves when all is read that was in the log. There is no marker for its end, as that would have to be written: it is read when the
   * first of its last messages was.
   *
   * @throws {Error} what the broker said, or the reason of the signal
   */
  async begin(since: Date, take: (message: IncomingMessage) => void, signal: AbortSignal): Promise<void> {
    const of = (await this.#link.countIn(EVENT_LOG_STREAM)) ?? 0;
    const reading = { read: 0, of };
    this.#reading = reading;
    let end = of === 0 ? -1 : Number.POSITIVE_INFINITY;
    const place = { at: -1 };
    /** Where all is older than what is asked for, nothing comes. */
    let quietUntil = Number.POSITIVE_INFINITY;
    const stopLast = await this.#link.read(
      'last',
      ({ offset }) => {
        if (Number.isFinite(end)) return;
        end = offset ?? -1;
        quietUntil = performance.now() + QUIET_MS;
      },
      undefined,
      signal,
    );
    try {
      this.#stop = await this.#link.read(
        { since },
        (message) => {
          reading.read += 1;
          place.at = message.offset ?? place.at;
          take(message);
        },
        undefined,
        signal,
      );
      while (place.at < end && (place.at !== -1 || performance.now() < quietUntil))
        await sleep(LOOK_MS, undefined, { signal });
    } finally {
      await stopLast();
    }
    this.#reading = null;
  }

  async close(): Promise<void> {
    await this.#stop();
  }

  /** @returns the event at a place in the log; `null`: there is none there any more */
  async fetch(offset: number, reader: Pick<EventReader, 'read'>): Promise<ReturnType<EventReader['read']>> {
    if (this.#fetching >= MOST_FETCHES)
      throw new TooMany('too many events are asked for at a time: try again');
    this.#fetching += 1;
    try {
      return await this.#fetch(offset, reader);
    } finally {
      this.#fetching -= 1;
    }
  }

  async #fetch(offset: number, reader: Pick<EventReader, 'read'>): Promise<ReturnType<EventReader['read']>> {
    const timeUp = AbortSignal.timeout(FETCH_MS);
    let take: (message: IncomingMessage) => void = () => {};
    const first = new Promise<IncomingMessage>((resolve) => (take = resolve));
    const stop = await this.#link.read({ offset }, (message) => take(message), undefined, timeUp);
    try {
      const message = await abortable(first, timeUp);
      return message.offset === offset ? reader.read(message) : null;
    } finally {
      await stop();
    }
  }
}
