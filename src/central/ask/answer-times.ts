/** Until when each host that was asked has time to answer. */
export class AnswerTimes {
  readonly #until = new Map<string, number>();
  readonly #begun = new Set<string>();
  readonly #awaiting = new Set<string>();

  /** Whether the host has said that it begins. */
  hasBegun(host: string): boolean {
    return this.#begun.has(host);
  }

  /** So many milliseconds from now on, once for each kind of sign: a host that says the same again gets no more time. */
  extend(host: string, sign: 'begun' | 'waiting', ms: number): void {
    const seen = sign === 'begun' ? this.#begun : this.#awaiting;
    if (seen.has(host)) return;
    seen.add(host);
    this.give(host, ms);
  }

  give(host: string, ms: number): void {
    this.#until.set(host, Date.now() + ms);
  }

  /** Takes back what was given. What hosts have said is known on. */
  clear(): void {
    this.#until.clear();
  }

  /** @param others until when hosts have time that got none of their own. @returns until when the last of the hosts has time */
  last(hosts: Iterable<string>, others: number): number {
    let last = 0;
    for (const host of hosts) last = Math.max(last, this.#until.get(host) ?? others);
    return last;
  }
}
