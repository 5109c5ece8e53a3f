const MOST = 1_000;

/** Jobs whose end this process has published, and the broker has confirmed: the latest thousand. */
export class ToldJobs {
  readonly #ids = new Set<string>();

  add(jobId: string): void {
    this.#ids.add(jobId);
    const [oldest] = this.#ids;
    if (this.#ids.size > MOST && oldest !== undefined) this.#ids.delete(oldest);
  }

  has(jobId: string): boolean {
    return this.#ids.has(jobId);
  }
}
