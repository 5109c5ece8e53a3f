import type { Spelling } from './change.ts';
import { subtract } from './diff.ts';
import { appendText, type Rule } from './model.ts';
import type { TableRef } from './tables.ts';
import type { WantedTable } from './wanted.ts';

/** Where the host, after an apply, is not what was wanted. */
export interface Mismatch extends TableRef {
  chain: string;
  reason: string;
}

/** Holds what a ruleset has in one table now against what it wants there, rule by rule in the kernel's spelling. */
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
    ...compareHooks(wanted, now, spell),
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
    if (other === undefined || spell(rule) === appendText(other)) continue;
    return [{ chain, reason: `rule ${index + 1} is "${appendText(other)}", not "${spell(rule)}"` }];
  }
  return [];
}

function comparePolicies(wanted: WantedTable, now: WantedTable): Found[] {
  return [...wanted.policies].flatMap(([chain, policy]) => {
    const found = now.policies.get(chain) ?? 'ACCEPT';
    return found === policy ? [] : [{ chain, reason: `the policy is ${found}, not ${policy}` }];
  });
}

/** Hooks stand among rules of others: which there are is compared, not where. */
function compareHooks(wanted: WantedTable, now: WantedTable, spell: Spelling): Found[] {
  const found = now.hooks.map(({ rule }) => appendText(rule));
  const expected = wanted.hooks.map(({ rule }) => spell(rule));
  const [missing] = subtract(expected, found);
  if (missing !== undefined) return [{ chain: chainOf(missing), reason: `"${missing}" is not there` }];
  const [surplus] = subtract(found, expected);
  return surplus === undefined ? [] : [{ chain: chainOf(surplus), reason: `"${surplus}" is still there` }];
}

function chainOf(text: string): string {
  return text.split(' ')[1] ?? '';
}
