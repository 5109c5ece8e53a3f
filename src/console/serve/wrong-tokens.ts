import { setTimeout as sleep } from 'node:timers/promises';

const WRONG_MS = 500;
const MOST_WAITING = 32;

/** Whoever guesses has to wait, and one guess waits for the other, by whichever way it came. */
export class WrongTokens {
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** @returns whether it waited; `false`: too many do */
  async wait(): Promise<boolean> {
    if (this.#waiting >= MOST_WAITING) return false;
    this.#waiting += 1;
    this.#last = this.#last.then(async () => await sleep(WRONG_MS));
    await this.#last;
    this.#waiting -= 1;
    return true;
  }
}
