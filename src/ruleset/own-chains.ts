import { declarationsOf, type Problem, problemAt, type Rule, type Table } from './model.ts';
import { jumpTargets } from './options.ts';
import { builtInChains } from './tables.ts';
import type { Hook, WantedTable } from './wanted-table.ts';

/** Scope `chains`: the chains that are declared are the ruleset's; in all others it may only have hooks. */
export function ownChains(table: Table): { table: WantedTable; problems: Problem[] } {
  const problems: Problem[] = [];
  const chains = new Map<string, Rule[]>();
  for (const chain of table.chains.values()) {
    if (builtInChains(table.name).includes(chain.name)) {
      const reason = 'a built-in chain is not declared in scope chains: leave the line out';
      problems.push(problemAt(table, { chain: chain.name, line: chain.line }, reason));
    } else {
      chains.set(chain.name, []);
    }
  }
  const hooks: Hook[] = [];
  for (const rule of table.rules) {
    const owned = chains.get(rule.chain);
    const hook = owned === undefined ? readHook(rule, chains) : null;
    if (hook !== null) hooks.push(hook);
    else if (owned === undefined) problems.push(problemAt(table, rule, notOwned(rule.chain)));
    else if (rule.insert) {
      problems.push(
        problemAt(table, rule, 'in a chain of its own a ruleset gives its rules in order: write -A'),
      );
    } else owned.push(rule);
  }
  const declarations = new Map([...declarationsOf(table)].filter(([chain]) => chains.has(chain)));
  const { name, commitLine } = table;
  const own = { name, chains, policies: new Map(), hooks, declarations, commitLine };
  return { table: own, problems };
}

function readHook(rule: Rule, declared: ReadonlyMap<string, unknown>): Hook | null {
  const targets = jumpTargets(rule.spec);
  const [target] = targets;
  if (target === undefined || !targets.every((name) => declared.has(name))) return null;
  return { rule, target, place: rule.insert ? 'first' : 'last' };
}

function notOwned(chain: string): string {
  return `chain ${chain} is not declared, so not this ruleset's: a rule in it may only jump to a chain that the ruleset declares`;
}
