import type { LinkOptions } from '../../broker/fleet-link.ts';

/** Whether the broker is there, since when, and why not, for the page. */
export class BrokerState implements Pick<LinkOptions, 'log'> {
  #broker: 'connected' | 'away' = 'connected';
  #since = new Date();
  #why: string | null = null;
  /** The last thing that went wrong, as the connection tells it. */
  #trouble: string | null = null;

  /** For the connection. */
  readonly log: LinkOptions['log'] = {
    debug: () => {},
    info: () => {},
    warn: (fields, message) => (this.#trouble = sayTrouble(fields, message)),
    error: (fields, message) => (this.#trouble = sayTrouble(fields, message)),
  };

  get told() {
    return { broker: this.#broker, since: this.#since.toISOString(), why: this.#why } as const;
  }

  /** @returns whether it is otherwise than before */
  look(isConnected: boolean): boolean {
    const broker = isConnected ? 'connected' : 'away';
    const why = isConnected ? null : this.#trouble;
    const isOther = broker !== this.#broker || why !== this.#why;
    if (broker !== this.#broker) this.#since = new Date();
    this.#broker = broker;
    this.#why = why;
    return isOther;
  }
}

/** The address of a broker may be told, a password never is in it. */
function sayTrouble(fields: object, message: string): string {
  const { error, reason } = fields as { error?: unknown; reason?: string };
  const cause = error instanceof Error ? error.message : reason;
  return cause === undefined ? message : `${message}: ${cause}`;
}
