import type { Scope } from '../../contract/words/identifiers.ts';
import { type Rule, rulesByChain, type Table } from '../model.ts';
import { readSavedTables } from '../saved/read-saved.ts';
import { builtInChains } from '../tables.ts';
import { emptyWanted, type WantedTable } from './wanted-table.ts';

/** Reads what a ruleset wants from text in the kernel's spelling. The text, such as a boot file, has nothing else in it. */
export function readSpelled(scope: Scope, text: string): Map<string, WantedTable> {
  const own = scope === 'tables' ? spelledTable : spelledChains;
  return new Map([...readSavedTables(text)].map(([name, table]) => [name, own(table)]));
}

/** Turns a whole table into something wanted. */
export function spelledTable(table: Table): WantedTable {
  const rules = rulesByChain(table.rules);
  const builtIn = builtInChains(table.name);
  const policies = new Map(builtIn.map((chain) => [chain, table.chains.get(chain)?.policy ?? 'ACCEPT']));
  const userDefined = [...table.chains.keys()].filter((chain) => !builtIn.includes(chain)).toSorted();
  const chains = new Map([...builtIn, ...userDefined].map((chain) => [chain, rules.get(chain) ?? []]));
  const policyCounters = new Map(builtIn.map((chain) => [chain, table.chains.get(chain)?.counters ?? '0:0']));
  return { ...emptyWanted(table.name), chains, policies, policyCounters };
}

function spelledChains(table: Table): WantedTable {
  const chains = new Map<string, Rule[]>([...table.chains.keys()].map((chain) => [chain, []]));
  const wanted: WantedTable = { ...emptyWanted(table.name), chains };
  for (const rule of table.rules) {
    const own = chains.get(rule.chain);
    if (own !== undefined) own.push(rule);
    else
      wanted.hooks.push({ rule, target: rule.jump?.target ?? '', position: rule.insert ? 'first' : 'last' });
  }
  return wanted;
}
