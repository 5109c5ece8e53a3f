/** The right to work, of one at a time and in the order of asking. */
export class Turn {
  #last = Promise.resolve();
  #leave: () => void = () => {};

  /** Waits for the turn. Whoever has it calls {@link leave} in the end. */
  async take(): Promise<void> {
    const before = this.#last;
    let leave = () => {};
    this.#last = new Promise<void>((resolve) => {
      leave = resolve;
    });
    await before;
    this.#leave = leave;
  }

  leave(): void {
    this.#leave();
  }

  /** For whoever has the turn: others have it while the work goes on, which only waits. */
  readonly aside = async <T>(work: () => Promise<T>): Promise<T> => {
    this.leave();
    try {
      return await work();
    } finally {
      await this.take();
    }
  };
}
