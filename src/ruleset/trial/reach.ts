import { jumpsToAny, type Rule } from '../model.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';

export interface Reach {
  /**
   * For each chain, the built-in chains and chains of others from which it is reached, joined into one text. The kernel may take
   * a rule where it is reached from INPUT, and refuse it where it is reached from FORWARD.
   */
  from: ReadonlyMap<string, string>;
  /** The rules that jump to a chain of the table. */
  jumps: ReadonlySet<Rule>;
}

/** Keeps the results for the tables of the current job, as finding the jumps looks at every rule. */
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

/** The most pairs of chains that are followed. For a larger table the exact answer costs more than it saves. */
const MOST_PAIRS = 1_000_000;

function reachedFrom(
  roots: readonly string[],
  own: ReadonlySet<string>,
  targetsOf: ReadonlyMap<string, ReadonlySet<string>>,
): Map<string, string> {
  // In a table that is too large, each chain counts as reached from all roots. What is known about its rules then holds only as
  // long as the roots stay the same.
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
