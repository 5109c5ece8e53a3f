import type { LinkOptions } from '../broker/fleet-link.ts';

type LinkLog = LinkOptions['log'];

/**
 * What a person should know of the connection while something is waited for: that the broker cannot be reached, or does not take
 * messages, each once until it is well again. What goes wrong while connecting for the first time is not told: that ends in an error.
 */
export class BrokerNotes implements LinkLog {
  readonly #tell: (note: string) => void;
  readonly #told = new Set<string>();
  #isConnected = false;

  constructor(tell: (note: string) => void = () => {}) {
    this.#tell = tell;
  }

  debug(): void {}

  info({ broker }: { broker?: string }, message: string): void {
    if (this.#told.size > 0) this.#tell(`${message}${broker === undefined ? '' : ` (${broker})`}`);
    this.#told.clear();
    this.#isConnected = true;
  }

  warn(
    { broker, error, reason }: { broker?: string; error?: unknown; reason?: string },
    message: string,
  ): void {
    const cause = error instanceof Error ? error.message : reason;
    const parts = [broker, cause].filter((part) => part !== undefined);
    const note = parts.length === 0 ? message : `${message} (${parts.join(': ')})`;
    if (!this.#isConnected || this.#told.has(note)) return;
    this.#told.add(note);
    this.#tell(note);
  }

  error(fields: object, message: string): void {
    this.warn(fields, message);
  }
}
