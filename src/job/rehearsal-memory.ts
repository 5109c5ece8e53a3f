import { FAMILIES } from '../contract/identifiers.ts';
import { perFamily } from '../ruleset/tables.ts';
import type { Accepted, Known } from './rehearse.ts';

const MOST_RULESETS = 64;

/** What the kernel took last of each ruleset: an apply after a check of the same text asks it nothing. */
export class RehearsalMemory {
  readonly #accepted = new Map<string, Accepted>();

  remember(ruleset: string, accepted: Accepted): void {
    this.#accepted.delete(ruleset);
    this.#accepted.set(ruleset, accepted);
    const [oldest] = this.#accepted.keys();
    if (this.#accepted.size > MOST_RULESETS && oldest !== undefined) this.#accepted.delete(oldest);
  }

  /** What is known, and what is remembered besides. */
  addTo(known: Known, ruleset: string): Known {
    const accepted = this.#accepted.get(ruleset);
    if (accepted === undefined) return known;
    const all: Known = perFamily((family) => new Map(known[family]));
    for (const family of FAMILIES) {
      for (const [table, acceptance] of accepted[family]) {
        all[family].set(table, [acceptance, ...(all[family].get(table) ?? [])]);
      }
    }
    return all;
  }
}
