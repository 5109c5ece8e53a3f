import { FAMILIES, type Family, type Scope } from '../contract/identifiers.ts';
import type { Ruleset } from '../contract/job.ts';
import { type Problem, type Rule, rulesByChain, type Table } from './model.ts';
import { jumpTargets, programOption, splitWords } from './options.ts';
import { parseRules } from './parse.ts';
import { builtInChains, type PerFamily, perFamily } from './tables.ts';

/** What a ruleset wants in one table. In scope `tables` the whole table is its own, and there are no hooks. */
export interface WantedTable {
  name: string;
  /** Each owned chain with its rules in order; in scope `tables` the built-in chains too. */
  chains: Map<string, Rule[]>;
  /** Policies of built-in chains, in scope `tables`. */
  policies: Map<string, string>;
  hooks: Hook[];
  /** The line of each chain's declaration, in the text as it was sent. */
  declarations: Map<string, number>;
  /** The line of its COMMIT, in the text as it was sent; `null` if it was not read from one. */
  commitLine: number | null;
}

/** A rule in a chain that the ruleset does not own, which jumps to one that it does. */
export interface Hook {
  rule: Rule;
  target: string;
  /** A position, from 1, is only ever asked for to put back what stood there. */
  place: 'first' | 'last' | number;
}

export interface WantedRules {
  tables: PerFamily<Map<string, WantedTable>>;
  problems: (Problem & { family: Family })[];
}

/** Reads both texts of a ruleset, and holds them against the rules of ownership. */
export function readWanted(ruleset: Pick<Ruleset, 'scope' | 'ipv4' | 'ipv6'>): WantedRules {
  const texts = perFamily((family) => readText(ruleset[family] ?? '', ruleset.scope));
  return {
    tables: perFamily((family) => texts[family].tables),
    problems: FAMILIES.flatMap((family) => texts[family].problems.map((problem) => ({ ...problem, family }))),
  };
}

function readText(text: string, scope: Scope): { tables: Map<string, WantedTable>; problems: Problem[] } {
  const parsed = parseRules(text);
  const wanted = new Map<string, WantedTable>();
  const problems = [...parsed.problems];
  for (const table of parsed.tables.values()) {
    problems.push(...misreadRules(table));
    const own = scope === 'tables' ? ownWholeTable(table) : ownChains(table);
    wanted.set(table.name, own.table);
    problems.push(...own.problems);
  }
  return {
    tables: wanted,
    problems: problems.toSorted((a, b) => a.line - b.line),
  };
}

/** Rules that iptables would take for something else than what they look like. */
function misreadRules(table: Table): Problem[] {
  return table.rules.flatMap((rule) => {
    if (splitWords(rule.spec) === null) return [problemOf(table, rule, 'a quote is opened and never closed')];
    const option = programOption(rule.spec);
    return option === null ? [] : [problemOf(table, rule, `${option} is no part of a rule: leave it out`)];
  });
}

function ownWholeTable(table: Table): {
  table: WantedTable;
  problems: Problem[];
} {
  const builtIn = builtInChains(table.name);
  const policies = new Map(builtIn.map((chain) => [chain, table.chains.get(chain)?.policy ?? 'ACCEPT']));
  const chains = new Map<string, Rule[]>([...builtIn, ...table.chains.keys()].map((chain) => [chain, []]));
  for (const [chain, rules] of rulesByChain(table.rules)) chains.set(chain, rules);
  const problems: Problem[] = [];
  for (const rule of table.rules) {
    if (rule.insert)
      problems.push(problemOf(table, rule, 'only -A is possible where the whole table is owned'));
  }
  for (const chain of table.chains.values()) {
    if (chain.policy !== null && !builtIn.includes(chain.name)) {
      problems.push(
        problemOf(
          table,
          { chain: chain.name, line: chain.line },
          `only a built-in chain has a policy: write :${chain.name} - [0:0]`,
        ),
      );
    }
  }
  return {
    table: {
      name: table.name,
      chains,
      policies,
      hooks: [],
      declarations: declarationsOf(table),
      commitLine: table.commitLine,
    },
    problems,
  };
}

function ownChains(table: Table): { table: WantedTable; problems: Problem[] } {
  const problems: Problem[] = [];
  const chains = new Map<string, Rule[]>();
  for (const chain of table.chains.values()) {
    const at = { chain: chain.name, line: chain.line };
    if (builtInChains(table.name).includes(chain.name)) {
      problems.push(
        problemOf(table, at, 'a built-in chain is not declared in scope chains: leave the line out'),
      );
      continue;
    }
    chains.set(chain.name, []);
    if (chain.policy !== null)
      problems.push(problemOf(table, at, `only a built-in chain has a policy: write :${chain.name} - [0:0]`));
  }
  const hooks: Hook[] = [];
  for (const rule of table.rules) {
    const owned = chains.get(rule.chain);
    if (owned === undefined) {
      const hook = readHook(rule, chains);
      if (hook === null)
        problems.push(
          problemOf(
            table,
            rule,
            `chain ${rule.chain} is not this ruleset's: a rule in it may only jump to a chain that the ruleset declares`,
          ),
        );
      else hooks.push(hook);
    } else if (rule.insert) {
      problems.push(
        problemOf(table, rule, 'in a chain of its own a ruleset gives its rules in order: write -A'),
      );
    } else {
      owned.push(rule);
    }
  }
  return {
    table: {
      name: table.name,
      chains,
      policies: new Map(),
      hooks,
      declarations: declarationsOf(table),
      commitLine: table.commitLine,
    },
    problems,
  };
}

/** Of a table in which nothing is wanted. */
export function emptyWanted(name: string): WantedTable {
  return {
    name,
    chains: new Map(),
    policies: new Map(),
    hooks: [],
    declarations: new Map(),
    commitLine: null,
  };
}

function declarationsOf(table: Table): Map<string, number> {
  return new Map([...table.chains.values()].map(({ name, line }) => [name, line]));
}

function readHook(rule: Rule, declared: ReadonlyMap<string, unknown>): Hook | null {
  const targets = jumpTargets(rule.spec);
  const [target] = targets;
  if (target === undefined || !targets.every((name) => declared.has(name))) return null;
  return { rule, target, place: rule.insert ? 'first' : 'last' };
}

function problemOf(table: Table, at: { chain: string; line: number }, reason: string): Problem {
  return { line: at.line, table: table.name, chain: at.chain, reason };
}
