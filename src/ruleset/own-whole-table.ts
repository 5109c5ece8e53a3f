import { declarationsOf, type Problem, problemAt, type Rule, rulesByChain, type Table } from './model.ts';
import { builtInChains } from './tables.ts';
import type { WantedTable } from './wanted-table.ts';

/** Scope `tables`: all that is in the table is the ruleset's, and what is not in the text is not to be there. */
export function ownWholeTable(table: Table): { table: WantedTable; problems: Problem[] } {
  const builtIn = builtInChains(table.name);
  const policies = new Map(builtIn.map((chain) => [chain, table.chains.get(chain)?.policy ?? 'ACCEPT']));
  const chains = new Map<string, Rule[]>([...builtIn, ...table.chains.keys()].map((chain) => [chain, []]));
  const problems: Problem[] = [];
  for (const [chain, rules] of rulesByChain(table.rules)) {
    if (chains.has(chain)) chains.set(chain, rules);
    else problems.push(...rules.map((rule) => problemAt(table, rule, undeclared(chain))));
  }
  for (const rule of table.rules) {
    if (rule.insert)
      problems.push(problemAt(table, rule, 'only -A is possible where the whole table is owned'));
  }
  const { name, commitLine } = table;
  const own = { name, chains, policies, hooks: [], declarations: declarationsOf(table), commitLine };
  return { table: own, problems };
}

function undeclared(chain: string): string {
  return `chain ${chain} is neither built in nor declared: add :${chain} - [0:0] before this line`;
}
