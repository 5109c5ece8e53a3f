import { abortable } from '../../broker/connection/abortable.ts';
import { BrokerRefused } from '../../broker/connection/broker-errors.ts';
import type { FleetLink } from '../../broker/fleet-link.ts';
import type { IncomingMessage } from '../../broker/stream-source.ts';
import { LogMarker } from './log-marker.ts';

/** Where it takes longer to read the log to its end, the broker was in trouble, and hosts could not be heard. */
const PROMPT_MS = 5_000;

/** Tells when all is read that was in the log of events at a moment. */
export class LogEnd {
  readonly #link: Pick<FleetLink, 'publish'>;
  readonly #marker = new LogMarker();
  #onMarker: () => void = () => {};

  constructor(link: Pick<FleetLink, 'publish'>) {
    this.#link = link;
  }

  /** To be called with each message that is read. */
  take(message: IncomingMessage): void {
    if (this.#marker.is(message)) this.#onMarker();
  }

  /**
   * Waits until all is read that is in the log now, for as long as that takes, or until the signal says that nobody waits for it any more.
   *
   * @returns whether it was read at once
   */
  async reach(enough: AbortSignal): Promise<boolean> {
    const began = Date.now();
    const read = new Promise<void>((resolve) => (this.#onMarker = resolve));
    try {
      await this.#marker.publish(this.#link, enough);
      await abortable(read, enough);
    } catch (error) {
      // Who may not write there is not kept from an answer by that.
      if (error instanceof BrokerRefused || enough.aborted) return true;
      throw error;
    }
    return Date.now() - began < PROMPT_MS;
  }
}
