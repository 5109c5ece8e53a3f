import type { Ruleset } from '../../contract/jobs/job.ts';
import type { Scope } from '../../contract/words/identifiers.ts';
import type { PerFamily } from '../../ruleset/tables.ts';
import { type Accepted, rulesOf } from '../../ruleset/trial/acceptance.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';

/** The most rules that are remembered, of all rulesets together. The last ruleset is always remembered. */
const MOST_RULES = 200_000;

/** A ruleset, as it was sent and as the worker read it. */
interface RehearsedRuleset {
  name: string;
  scope: Scope;
  texts: Pick<Ruleset, 'ipv4' | 'ipv6'>;
  wanted: PerFamily<Map<string, WantedTable>>;
}

interface Memory {
  ruleset: RehearsedRuleset;
  accepted: Accepted;
  rules: number;
}

/**
 * What the kernel accepted last, for each ruleset. With it, an apply after a check, or the same text pushed again, needs neither
 * to read the text nor to ask the kernel again.
 */
export class RehearsalMemory {
  readonly #memories = new Map<string, Memory>();

  remember({ name, scope, texts, wanted }: RehearsedRuleset, accepted: Accepted): void {
    const tables = [...wanted.ipv4.values(), ...wanted.ipv6.values()];
    const rules = tables.reduce((sum, table) => sum + rulesOf(table).length, 0);
    this.#memories.delete(name);
    this.#memories.set(name, { ruleset: { name, scope, texts, wanted }, accepted, rules });
    this.#forgetOldest();
  }

  /** Returns what the kernel accepted last of this ruleset, or `null` if that is not remembered. */
  recall(name: string): Accepted | null {
    return this.#memories.get(name)?.accepted ?? null;
  }

  /** Returns what was read from the very same text, which had no problems. `null` if that is not remembered. */
  wantedOf({ name, scope, ipv4, ipv6 }: Ruleset): PerFamily<Map<string, WantedTable>> | null {
    const { ruleset } = this.#memories.get(name) ?? {};
    const same = ruleset?.scope === scope && ruleset.texts.ipv4 === ipv4 && ruleset.texts.ipv6 === ipv6;
    return same ? ruleset.wanted : null;
  }

  #forgetOldest(): void {
    let rules = [...this.#memories.values()].reduce((sum, memory) => sum + memory.rules, 0);
    for (const [name, memory] of this.#memories) {
      if (rules <= MOST_RULES || this.#memories.size === 1) return;
      this.#memories.delete(name);
      rules -= memory.rules;
    }
  }
}
