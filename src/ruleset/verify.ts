import type { Spelling } from './change.ts';
import { appendText, type Rule } from './model.ts';
import { jumpTargets } from './options.ts';
import type { TableRef } from './tables.ts';
import type { WantedTable } from './wanted.ts';

/** Where the host, after an apply, is not what was wanted. */
export interface Mismatch extends TableRef {
  chain: string;
  reason: string;
}

/**
 * Holds what a ruleset has in one table now against what it wants there. Where the kernel's spelling of a rule is
 * not known, it must at least be in its place and jump to the same target.
 */
export function verifyTable(
  ref: TableRef,
  wanted: WantedTable,
  now: WantedTable,
  spell: Spelling,
): Mismatch[] {
  const found = [
    ...missingChains(wanted, now),
    ...surplusChains(wanted, now),
    ...[...wanted.chains].flatMap(([chain, rules]) =>
      compareRules(chain, rules, now.chains.get(chain), spell),
    ),
    ...comparePolicies(wanted, now),
    ...compareHooks(wanted, now),
  ];
  return found.map((mismatch) => ({ ...ref, ...mismatch }));
}

type Found = Omit<Mismatch, keyof TableRef>;

function missingChains(wanted: WantedTable, now: WantedTable): Found[] {
  const missing = [...wanted.chains.keys()].filter(
    (chain) => !now.chains.has(chain) && !wanted.policies.has(chain),
  );
  return missing.map((chain) => ({ chain, reason: 'the chain is not there' }));
}

function surplusChains(wanted: WantedTable, now: WantedTable): Found[] {
  const surplus = [...now.chains].filter(
    ([chain, rules]) => !wanted.chains.has(chain) && !(now.policies.has(chain) && rules.length === 0),
  );
  return surplus.map(([chain]) => ({ chain, reason: 'the chain is still there' }));
}

function compareRules(
  chain: string,
  wanted: readonly Rule[],
  found: readonly Rule[] | undefined,
  spell: Spelling,
): Found[] {
  if (found === undefined) return wanted.length === 0 ? [] : [{ chain, reason: 'the chain is empty' }];
  if (wanted.length !== found.length) {
    return [{ chain, reason: `the chain has ${found.length} rules, not ${wanted.length}` }];
  }
  for (const [index, rule] of wanted.entries()) {
    const other = found[index];
    if (other === undefined || sameRule(rule, other, spell)) continue;
    return [{ chain, reason: `rule ${index + 1} is "${appendText(other)}", not "${appendText(rule)}"` }];
  }
  return [];
}

function comparePolicies(wanted: WantedTable, now: WantedTable): Found[] {
  return [...wanted.policies].flatMap(([chain, policy]) => {
    const found = now.policies.get(chain) ?? 'ACCEPT';
    return found === policy ? [] : [{ chain, reason: `the policy is ${found}, not ${policy}` }];
  });
}

function compareHooks(wanted: WantedTable, now: WantedTable): Found[] {
  if (wanted.hooks.length === now.hooks.length) return [];
  const chain = (wanted.hooks[0] ?? now.hooks[0])?.rule.chain ?? '';
  return [
    { chain, reason: `${now.hooks.length} rules jump to the ruleset's chains, not ${wanted.hooks.length}` },
  ];
}

function sameRule(wanted: Rule, found: Rule, spell: Spelling): boolean {
  if (spell(wanted) === appendText(found)) return true;
  return jumpTargets(wanted.spec).join(' ') === jumpTargets(found.spec).join(' ');
}
