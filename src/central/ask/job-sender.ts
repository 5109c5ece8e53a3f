import type { FleetLink } from '../../broker/fleet-link.ts';
import { type AddressedMessage, unnamed } from '../messages/addressed-message.ts';
import type { PreparedMessage } from '../messages/messages.ts';

export interface JobSenderOptions {
  exchange: string;
  /** Ends it, as an error. */
  signal: AbortSignal | undefined;
  /** Aborted when all have answered: what the broker has not confirmed to have for single hosts is not tried again. */
  over: AbortSignal;
  /** When a host showed last that it has a job, as `performance.now()` tells it: what is for many is on its way then. */
  lastSignMs: () => number;
  /** Called with hosts that no queue is bound for. */
  onUnroutable: (hosts: readonly string[]) => void;
}

/** Publishes jobs until the broker has them, each to its hosts. */
export class JobSender {
  readonly #link: Pick<FleetLink, 'publish'>;
  readonly #messages: readonly AddressedMessage[];
  readonly #options: JobSenderOptions;
  readonly #givenUp = new AbortController();
  /** What ends the wait for the broker's confirm of a key of many. */
  readonly #untilGivenUp: AbortSignal;
  /** The same of one host. */
  readonly #untilAnswered: AbortSignal;
  /** Hosts of whose message the broker has not confirmed that it has it. */
  readonly #untaken: Set<string>;

  constructor(
    link: Pick<FleetLink, 'publish'>,
    messages: readonly AddressedMessage[],
    options: JobSenderOptions,
  ) {
    this.#link = link;
    this.#messages = messages;
    this.#options = options;
    this.#untilGivenUp = anyOf(options.signal, this.#givenUp.signal);
    this.#untilAnswered = anyOf(this.#untilGivenUp, options.over);
    this.#untaken = new Set(messages.flatMap(({ sends, hosts }) => (sends.length === 0 ? [] : hosts)));
  }

  /**
   * Publishes what is for others than these, as they need it no more. Resolves when the broker has it all, or when it is given up.
   *
   * @throws as {@link FleetLink.publish}
   */
  async send(answered: { has: (host: string) => boolean }): Promise<void> {
    await Promise.all(
      this.#messages.flatMap(({ message, sends, hosts }) =>
        sends.map(async ({ key, host }) => {
          if (host !== null && answered.has(host)) return;
          const meant = host === null ? unnamed(sends, hosts) : [host];
          // A key of many may have to reach more hosts than were asked: that these have answered is not enough.
          await this.#publish(message, key, meant, host === null);
        }),
      ),
    );
  }

  /** Whether the broker has what is for this host, as far as is known. */
  isTaken(host: string): boolean {
    return !this.#untaken.has(host);
  }

  /** What the broker has not confirmed to have is not tried again. In doubt, it may have it. */
  giveUp(): void {
    this.#givenUp.abort();
  }

  async #publish(
    message: PreparedMessage,
    key: string,
    hosts: readonly string[],
    isForMany: boolean,
  ): Promise<void> {
    const { exchange, signal, lastSignMs, onUnroutable } = this.#options;
    const until = isForMany ? this.#untilGivenUp : this.#untilAnswered;
    const { body, contentType, contentEncoding, jobId: messageId } = message;
    const encoded = contentEncoding === undefined ? {} : { properties: { contentEncoding } };
    const outgoing = { exchange, key, body, contentType, messageId, ...encoded };
    try {
      const routed = await this.#link.publish(outgoing, until, isForMany ? lastSignMs : undefined);
      for (const host of hosts) this.#untaken.delete(host);
      if (routed === 'unroutable') onUnroutable(hosts);
    } catch (error) {
      // That of the caller, whichever of them came first.
      signal?.throwIfAborted();
      if (!until.aborted) throw error;
    }
  }
}

function anyOf(one: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return one === undefined ? other : AbortSignal.any([one, other]);
}
