import { FAMILIES, type Family, type Scope } from '../contract/identifiers.ts';
import type { Ruleset } from '../contract/job.ts';
import { lintLines } from './lint-lines.ts';
import { lintTable } from './lint-table.ts';
import type { Problem, Rule, Table } from './model.ts';
import { jumpsToAny } from './options.ts';
import { ownChains } from './own-chains.ts';
import { ownWholeTable } from './own-whole-table.ts';
import { parseRules } from './parse.ts';
import { type PerFamily, perFamily } from './tables.ts';

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
  /** What can be read; where there are problems, without the lines that have one. */
  tables: PerFamily<Map<string, WantedTable>>;
  problems: (Problem & { family: Family })[];
}

/** Reads both texts of a ruleset: every line that cannot be taken becomes a problem. */
export function readWanted(ruleset: Pick<Ruleset, 'scope' | 'ipv4' | 'ipv6'>): WantedRules {
  const texts = perFamily((family) => readText(ruleset[family] ?? '', ruleset.scope, family));
  return {
    tables: perFamily((family) => texts[family].tables),
    problems: FAMILIES.flatMap((family) => texts[family].problems.map((problem) => ({ ...problem, family }))),
  };
}

function readText(
  sent: string,
  scope: Scope,
  family: Family,
): { tables: Map<string, WantedTable>; problems: Problem[] } {
  const { text, problems: lineProblems } = lintLines(sent);
  const parsed = parseRules(text);
  const tables = new Map<string, WantedTable>();
  const problems = [...lineProblems, ...parsed.problems];
  if (sent !== '' && parsed.tables.size === 0 && problems.length === 0) {
    const reason = 'there is no table in the text: leave the family out, or remove the ruleset';
    problems.push({ line: 1, table: null, chain: null, reason });
  }
  for (const table of parsed.tables.values()) {
    const readable = withoutBad(table, linesOf(problems), new Set());
    const lint = lintTable(readable, family);
    problems.push(...lint.problems);
    const sound = withoutBad(readable, linesOf(lint.problems), lint.misnamed);
    const own = scope === 'tables' ? ownWholeTable(sound) : ownChains(sound);
    tables.set(table.name, own.table);
    problems.push(...own.problems);
  }
  return { tables, problems: onePerLine(problems) };
}

/** In the order of the text; several things that are wrong with one line are told together. */
function onePerLine(problems: readonly Problem[]): Problem[] {
  const lines = new Map<number, Problem>();
  for (const problem of problems.toSorted((a, b) => a.line - b.line)) {
    const known = lines.get(problem.line);
    const reason = known === undefined ? problem.reason : `${known.reason}; ${problem.reason}`;
    lines.set(problem.line, { ...problem, reason });
  }
  return [...lines.values()];
}

function linesOf(problems: readonly Problem[]): ReadonlySet<number> {
  return new Set(problems.map(({ line }) => line));
}

function withoutBad(table: Table, lines: ReadonlySet<number>, chains: ReadonlySet<string>): Table {
  if (lines.size === 0) return table;
  return {
    ...table,
    chains: new Map([...table.chains].filter(([name]) => !chains.has(name))),
    rules: table.rules.filter(
      ({ chain, line, spec }) => !lines.has(line) && !chains.has(chain) && !jumpsToAny(spec, chains),
    ),
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
