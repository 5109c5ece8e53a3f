import type { RequiredRule } from '../../contract/jobs/host-policy.ts';
import type { Family } from '../../contract/words/identifiers.ts';
import type { Problem, Rule, Table } from '../model.ts';
import { builtInChains, type PerFamily } from '../tables.ts';
import type { Hook, WantedTable } from '../wanted/wanted-table.ts';

/** A rule that the host requires ahead of others, in the kernel's spelling; `null` in a family where it is not required. */
export type SpelledRequirement = Pick<RequiredRule, 'name' | 'table' | 'chain' | 'before'> & {
  spec: PerFamily<string | null>;
};

/**
 * Finds, for each required rule, the first line that refuses packets of its chain before all of them have passed the required
 * rule. Only the ruleset itself counts, as rules of others in that chain may be gone tomorrow. But appended hooks stay where they
 * are on the host, and so may have another order there than in the text.
 *
 * @param live the table before the change
 */
export function findUnguarded(
  required: readonly SpelledRequirement[],
  family: Family,
  table: WantedTable,
  live: Table | undefined,
): Problem[] {
  return required.flatMap((requirement) => {
    const spec = requirement.spec[family];
    if (requirement.table !== table.name || spec === null) return [];
    const problem = new Walk(requirement, spec, table, live).firstProblem();
    return problem === null ? [] : [problem];
  });
}

/** The packets that go through a chain. */
interface Packets {
  /** All packets that are still in the chain have passed the required rule. */
  guarded: boolean;
  /** Some packets have left the chain without passing the required rule. */
  leaked: boolean;
}

/** The most jumps in a row that are followed; nft takes 16. */
const MOST_DEPTH = 1_000;

/** Follows packets through the chains of one table. */
class Walk {
  readonly #requirement: SpelledRequirement;
  readonly #spec: string;
  readonly #table: WantedTable;
  readonly #places: ReadonlyMap<string, number>;
  readonly #walked = new Map<string, boolean>();
  #depth = 0;
  #problem: Problem | null = null;

  constructor(requirement: SpelledRequirement, spec: string, table: WantedTable, live: Table | undefined) {
    this.#places = new Map(live?.rules.map(({ text }, index) => [text, index]));
    this.#requirement = requirement;
    this.#spec = spec;
    this.#table = table;
  }

  firstProblem(): Problem | null {
    const { name: table, hooks, policies, declarations } = this.#table;
    const { chain, before } = this.#requirement;
    // Others decide from where their chains are reached, and may change it. So each such chain is walked on its own.
    const others = hooks.map(({ rule }) => rule.chain).filter((name) => !builtInChains(table).includes(name));
    for (const root of new Set([chain, ...others])) {
      const guarded = this.#walk(root, false);
      const policy = policies.get(root) ?? 'ACCEPT';
      if (!guarded && before.includes(policy))
        this.#deny(root, declarations.get(root) ?? 1, `policy ${policy}`);
    }
    return this.#problem;
  }

  /** Says whether every packet that comes back from a chain has passed the required rule. */
  #walk(chain: string, guardedBefore: boolean): boolean {
    const key = `${guardedBefore ? '+' : '-'}${chain}`;
    const known = this.#walked.get(key);
    if (known !== undefined) return known;
    // The kernel refuses loops. But it was perhaps not asked yet, and a loop must not be followed for ever.
    this.#walked.set(key, false);
    const packets: Packets = { guarded: guardedBefore, leaked: false };
    if (this.#depth === MOST_DEPTH) this.#deny(chain, 1, `a chain behind ${MOST_DEPTH} others`);
    else {
      this.#depth += 1;
      for (const rule of this.#rulesOf(chain)) this.#pass(chain, rule, packets);
      this.#depth -= 1;
    }
    const guarded = packets.guarded && !packets.leaked;
    this.#walked.set(key, guarded);
    return guarded;
  }

  #pass(chain: string, rule: Rule, packets: Packets): void {
    const { spec, jump } = rule;
    if (spec === this.#spec) {
      packets.guarded = true;
      return;
    }
    if (jump === null) return;
    const { target, isGoto } = jump;
    if (target === 'RETURN') packets.leaked ||= !packets.guarded;
    else if (this.#table.chains.has(target)) {
      const guardedThere = this.#walk(target, packets.guarded);
      // After a goto, a packet does not come back to this chain.
      if (isGoto) packets.leaked ||= !guardedThere;
      if (isForAll(rule)) packets.guarded ||= guardedThere;
    } else if (!packets.guarded && this.#requirement.before.includes(target)) {
      this.#deny(chain, rule.line, target);
    }
  }

  #rulesOf(chain: string): Rule[] {
    const own = this.#table.chains.get(chain);
    if (own !== undefined) return own;
    const hooks = this.#table.hooks.filter(({ rule }) => rule.chain === chain);
    const first = hooks.filter(({ position }) => position === 'first').toReversed();
    const placeOf = ({ rule }: Hook) => this.#places.get(rule.text) ?? Number.POSITIVE_INFINITY;
    const last = hooks
      .filter(({ position }) => position !== 'first')
      .toSorted((a, b) => (placeOf(a) === placeOf(b) ? 0 : placeOf(a) - placeOf(b)));
    return [...first, ...last].map(({ rule }) => rule);
  }

  #deny(chain: string, line: number, what: string): void {
    const { name, chain: root } = this.#requirement;
    const reason = `${what} comes before a rule that this host requires ("${name}"): put -A ${root} ${this.#spec}, or the same in a chain to which all of ${root} jumps, ahead of it`;
    this.#problem ??= { line, table: this.#table.name, chain, reason };
  }
}

/** The rule is `-j CHAIN` (or `-g CHAIN`) and nothing else, so all packets take the jump. */
function isForAll({ spec, jump }: Rule): boolean {
  return jump !== null && spec === `-${jump.isGoto ? 'g' : 'j'} ${jump.target}`;
}
