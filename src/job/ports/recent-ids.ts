const MOST = 1_000;

/** The latest 1,000 ids of something, such as jobs. An older id that comes again counts as new. */
export class RecentIds {
  readonly #ids = new Set<string>();

  /** @returns whether the id is new */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > MOST && oldest !== undefined) this.#ids.delete(oldest);
    return true;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}
