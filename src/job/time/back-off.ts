const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * How long to wait after each failure in a row: twice as long each time, from 0.5 s up to 30 s. A random part keeps those who
 * fail together from trying again together.
 */
export class BackOff {
  #ms = FIRST_MS;

  next(): number {
    const ms = this.#ms * (0.75 + Math.random() / 2);
    this.#ms = Math.min(LONGEST_MS, 2 * this.#ms);
    return Math.min(LONGEST_MS, ms);
  }

  /** Makes the next wait as short as the first. */
  reset(): void {
    this.#ms = FIRST_MS;
  }
}
