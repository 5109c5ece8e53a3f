const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** How long to wait after each failure in a row: twice as long as before, and not the same for all who fail together. */
export class BackOff {
  #ms = FIRST_MS;

  next(): number {
    const ms = this.#ms * (0.75 + Math.random() / 2);
    this.#ms = Math.min(LONGEST_MS, 2 * this.#ms);
    return Math.min(LONGEST_MS, ms);
  }

  /** The next failure is the first again. */
  reset(): void {
    this.#ms = FIRST_MS;
  }
}
