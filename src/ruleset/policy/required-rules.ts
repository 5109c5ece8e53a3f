import type { RequiredRule } from '../../contract/host-policy.ts';
import type { Family } from '../../contract/identifiers.ts';
import type { Problem, Rule, Table } from '../model.ts';
import { builtInChains, type PerFamily } from '../tables.ts';
import type { Hook, WantedTable } from '../wanted/wanted-table.ts';

/** A rule that must be there before others, in the kernel's spelling; `null` in a family where it need not. */
export type SpelledRequirement = Pick<RequiredRule, 'name' | 'table' | 'chain' | 'before'> & {
  spec: PerFamily<string | null>;
};

/**
 * The first lines that refuse packets of a chain, while the rule that must come first has not been passed by all of them.
 * The ruleset is taken for itself: what others have in that chain may be gone tomorrow. But its appended hooks stay where they are,
 * and so may stand otherwise than in its text.
 *
 * @param live the table as it is before the change
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

/** Those that go through a chain. */
interface Packets {
  /** All that are still in it have passed the rule. */
  guarded: boolean;
  /** Some have left it without. */
  leaked: boolean;
}

/** So deep jumps are followed; nft takes 16. */
const MOST_DEPTH = 1_000;

/** The way of a packet through the chains of one table. */
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
    // From where chains of others are reached is theirs to say, and may change.
    const others = hooks.map(({ rule }) => rule.chain).filter((name) => !builtInChains(table).includes(name));
    for (const root of new Set([chain, ...others])) {
      const guarded = this.#walk(root, false);
      const policy = policies.get(root) ?? 'ACCEPT';
      if (!guarded && before.includes(policy))
        this.#deny(root, declarations.get(root) ?? 1, `policy ${policy}`);
    }
    return this.#problem;
  }

  /** Whether every packet that comes back from a chain has passed the rule. */
  #walk(chain: string, guardedBefore: boolean): boolean {
    const key = `${guardedBefore ? '+' : '-'}${chain}`;
    const known = this.#walked.get(key);
    if (known !== undefined) return known;
    // The kernel takes no loops; while nobody has asked it, one must not be followed for ever.
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
      // From where it goes to, a packet does not come back here.
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

/** `-j CHAIN` and nothing else. */
function isForAll({ spec, jump }: Rule): boolean {
  return jump !== null && spec === `-${jump.isGoto ? 'g' : 'j'} ${jump.target}`;
}
