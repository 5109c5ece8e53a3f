import { jumpsToAny, type Rule } from '../model.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { endsChain } from './ends-chain.ts';

export interface Reach {
  /**
   * For each chain, the built-in chains and chains of others from which it is reached, joined into one text. The kernel may take
   * a rule where it is reached from INPUT, and refuse it where it is reached from FORWARD. What no packet reaches, nft looks at, and
   * legacy does not: so where the two differ, the text says both.
   */
  from: ReadonlyMap<string, string>;
  /** The same of the rules behind the one that ends a chain. */
  fromBehind: ReadonlyMap<string, string>;
  /** For each chain in which rules stand behind one that ends it ({@link endsChain}), the first that does. */
  ends: ReadonlyMap<string, Rule>;
  /** The rules that say what is reached: those that jump to a chain of the table, and those that end one. */
  skeleton: ReadonlySet<Rule>;
}

/** Keeps the results for the tables of the current job, as finding the jumps looks at every rule. */
const REACHES = new WeakMap<WantedTable, Reach>();

export function reachOf(table: WantedTable): Reach {
  const known = REACHES.get(table) ?? findReach(table);
  REACHES.set(table, known);
  return known;
}

type Jumps = Map<string, Set<string>>;

function findReach(table: WantedTable): Reach {
  const own = new Set([...table.chains.keys()].filter((chain) => !table.policies.has(chain)));
  const all: Jumps = new Map();
  const followed: Jumps = new Map();
  const ends = new Map<string, Rule>();
  const skeleton = new Set<Rule>();
  const lists = [...table.chains.values(), table.hooks.map((hook) => hook.rule)];
  for (const rules of lists) {
    for (const [index, rule] of rules.entries()) {
      const { chain, jump } = rule;
      const end = ends.get(chain);
      if (jump === null) continue;
      if (jumpsToAny(rule, own)) {
        skeleton.add(rule);
        addJump(all, chain, jump.target);
        if (end === undefined) addJump(followed, chain, jump.target);
      } else if (end === undefined && index < rules.length - 1 && endsChain(rule)) {
        skeleton.add(rule);
        ends.set(chain, rule);
      }
    }
  }
  const roots = [...new Set([...all.keys(), ...table.policies.keys()])]
    .filter((chain) => !own.has(chain))
    .toSorted();
  const from = reachedFrom(roots, own, all);
  if (ends.size === 0) return { from, fromBehind: from, ends, skeleton };
  const legacy = reachedFrom(roots, own, followed);
  return {
    from: bothOf(from, (chain) => legacy.get(chain) ?? ''),
    fromBehind: bothOf(from, () => ''),
    ends,
    skeleton,
  };
}

function addJump(jumps: Jumps, chain: string, target: string): void {
  const targets = jumps.get(chain);
  if (targets === undefined) jumps.set(chain, new Set([target]));
  else targets.add(target);
}

/** Says of each chain from where nft and legacy reach it. */
function bothOf(nft: ReadonlyMap<string, string>, legacyOf: (chain: string) => string): Map<string, string> {
  const both = ([chain, from]: [string, string]): [string, string] => {
    const legacy = legacyOf(chain);
    return [chain, from === legacy ? from : `${from}; ${legacy}`];
  };
  return new Map([...nft].map(both));
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
