import { jumpsToAny, type Rule } from '../model.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';

export interface Reach {
  /**
   * From which chains of others and built-in ones each chain is reached, as one text for each: a rule that the kernel took
   * where it could be reached from INPUT, it may refuse where it can be reached from FORWARD.
   */
  from: ReadonlyMap<string, string>;
  /** The rules that jump to a chain of the table. */
  jumps: ReadonlySet<Rule>;
}

/** Of the tables of the job in hand: to find the jumps takes a look at every rule. */
const REACHES = new WeakMap<WantedTable, Reach>();

export function reachOf(table: WantedTable): Reach {
  const known = REACHES.get(table) ?? findReach(table);
  REACHES.set(table, known);
  return known;
}

function findReach(table: WantedTable): Reach {
  const own = new Set([...table.chains.keys()].filter((chain) => !table.policies.has(chain)));
  const targetsOf = new Map<string, Set<string>>();
  const jumps = new Set<Rule>();
  const rules = [...[...table.chains.values()].flat(), ...table.hooks.map((hook) => hook.rule)];
  for (const rule of rules) {
    const { chain, jump } = rule;
    if (jump === null || !jumpsToAny(rule, own)) continue;
    jumps.add(rule);
    targetsOf.set(chain, (targetsOf.get(chain) ?? new Set()).add(jump.target));
  }
  const roots = [...targetsOf.keys(), ...table.policies.keys()].filter((chain) => !own.has(chain));
  return { from: reachedFrom([...new Set(roots)].toSorted(), own, targetsOf), jumps };
}

/** So many pairs of chains are followed; a table with more is of a size at which it is not worth the while. */
const MOST_PAIRS = 1_000_000;

function reachedFrom(
  roots: readonly string[],
  own: ReadonlySet<string>,
  targetsOf: ReadonlyMap<string, ReadonlySet<string>>,
): Map<string, string> {
  // Then each chain counts as reached from everywhere: what is known of one is known only as long as nothing changes there.
  if (roots.length * own.size > MOST_PAIRS) {
    const all = roots.join(' ');
    return new Map([...own, ...roots].map((chain) => [chain, all]));
  }
  const reached = new Map<string, string[]>();
  for (const root of roots) {
    for (const chain of closure(root, targetsOf)) {
      const from = reached.get(chain);
      if (from === undefined) reached.set(chain, [root]);
      else from.push(root);
    }
  }
  return new Map([...reached].map(([chain, from]) => [chain, from.join(' ')]));
}

function closure(root: string, jumps: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const seen = new Set([root]);
  for (const chain of seen) for (const target of jumps.get(chain) ?? []) seen.add(target);
  return seen;
}
