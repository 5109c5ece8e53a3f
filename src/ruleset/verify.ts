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
  now: WantedTable | undefined,
  spell: Spelling,
): Mismatch[] {
  const mismatches: Mismatch[] = [];
  const report = (chain: string, reason: string) => mismatches.push({ ...ref, chain, reason });
  for (const [chain, rules] of wanted.chains) {
    const found = now?.chains.get(chain) ?? (wanted.policies.has(chain) ? [] : undefined);
    if (found === undefined) report(chain, 'the chain is not there');
    else reportChain(chain, rules, found, spell, report);
  }
  for (const [chain, rules] of now?.chains ?? []) {
    const emptyBuiltIn = now?.policies.has(chain) === true && rules.length === 0;
    if (!wanted.chains.has(chain) && !emptyBuiltIn) report(chain, 'the chain is still there');
  }
  for (const [chain, policy] of wanted.policies) {
    const found = now?.policies.get(chain) ?? 'ACCEPT';
    if (found !== policy) report(chain, `the policy is ${found}, not ${policy}`);
  }
  const count = (table: WantedTable | undefined) => table?.hooks.length ?? 0;
  if (count(wanted) !== count(now)) {
    const chain = wanted.hooks[0]?.rule.chain ?? now?.hooks[0]?.rule.chain ?? '';
    report(chain, `${count(now)} rules jump to the ruleset's chains, not ${count(wanted)}`);
  }
  return mismatches;
}

function reportChain(
  chain: string,
  wanted: readonly Rule[],
  found: readonly Rule[],
  spell: Spelling,
  report: (chain: string, reason: string) => void,
): void {
  if (wanted.length !== found.length) {
    report(chain, `the chain has ${found.length} rules, not ${wanted.length}`);
    return;
  }
  for (const [index, rule] of wanted.entries()) {
    const other = found[index];
    if (other === undefined || sameRule(rule, other, spell)) continue;
    report(chain, `rule ${index + 1} is "${appendText(other)}", not "${appendText(rule)}"`);
    return;
  }
}

function sameRule(wanted: Rule, found: Rule, spell: Spelling): boolean {
  if (spell(wanted) === appendText(found)) return true;
  return jumpTargets(wanted.spec).join(' ') === jumpTargets(found.spec).join(' ');
}
