/** Another consumer that is still counted for so long is no connection of this worker that the broker has not yet given up. */
const GHOST_MS = 150_000;

/** Whether a queue is consumed by somebody else, too. */
export class OtherConsumer {
  #sinceMs: number | null = null;

  /**
   * @param consumers how many the queue has now; `null`: that cannot be seen
   * @returns whether there has been another one for too long, which it says once
   */
  isSeen(consumers: number | null): boolean {
    if (consumers === null || consumers <= 1) this.#sinceMs = null;
    else this.#sinceMs ??= performance.now();
    const isSeen = this.#sinceMs !== null && performance.now() - this.#sinceMs >= GHOST_MS;
    if (isSeen) this.#sinceMs = null;
    return isSeen;
  }
}
