/** Does work one piece after the other, in the order in which it was given. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();

  async run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    // Without its result, which may be large.
    this.#last = turn.then(
      () => null,
      () => null,
    );
    return await turn;
  }
}
