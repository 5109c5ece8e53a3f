const FIRST_DELAY_MS = 1_000;
/** For reading the password and the certificates again. */
const READ_MS = 50;
const LONGEST_DELAY_MS = 30_000;
/** A connection that is lost before that may have been ended for what was done with it, and will be so again. */
const STEADY_MS = 30_000;
/** So often the delay is doubled for connections that were lost soon: up to eight seconds. */
const MOST_SHORT = 3;
/** So often the time that is waited for answers is doubled. */
const MOST_PATIENCE = 3;

/**
 * How soon a lost connection is tried again, and for how long its setup may take. All hosts of a fleet lose their broker at the same time: those
 * that come back too fast, or give up too soon what the broker is still busy with, keep it busy.
 */
export class ReconnectPace {
  #openedAt = 0;
  /** How many tries have failed since there was a connection. */
  #failed = 0;
  /** How many connections in a row were lost soon. */
  #short = 0;

  noteOpen(): void {
    this.#failed = 0;
    this.#openedAt = performance.now();
  }

  noteLost(): void {
    this.#short = performance.now() - this.#openedAt < STEADY_MS ? this.#short + 1 : 0;
  }

  noteFailed(): void {
    this.#failed += 1;
  }

  /**
   * A random delay, in milliseconds, below a limit: one second for the first try of each node, and twice as long for each round after
   * that, up to half a minute. So the hosts of a fleet do not all come back at once. Connections that were lost soon count as rounds, too.
   *
   * @param attempt from 1, since the connection was lost
   */
  delay(attempt: number, nodes: number): number {
    const round = Math.floor((attempt - 1) / nodes) + Math.min(MOST_SHORT, Math.floor(this.#short / nodes));
    return READ_MS + Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** round);
  }

  /** How many times as long as at first the answers of a node are waited for: twice as long after each round that has failed. */
  patience(nodes: number): number {
    return 2 ** Math.min(MOST_PATIENCE, Math.floor(this.#failed / nodes));
  }
}
