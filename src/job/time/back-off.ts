const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * How long to wait after each failure in a row: twice as long each time, from 0.5 s up to 30 s if nothing else is given. A random part
 * keeps those who fail together from trying again together.
 */
export class BackOff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #ms: number;

  constructor({ firstMs = FIRST_MS, longestMs = LONGEST_MS } = {}) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#ms = firstMs;
  }

  next(): number {
    const ms = this.#ms * (0.75 + Math.random() / 2);
    this.#ms = Math.min(this.#longestMs, 2 * this.#ms);
    return Math.min(this.#longestMs, ms);
  }

  /** Makes the next wait as short as the first. */
  reset(): void {
    this.#ms = this.#firstMs;
  }
}
