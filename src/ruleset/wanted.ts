import { FAMILIES, type Family, type Scope } from '../contract/identifiers.ts';
import type { Ruleset } from '../contract/job.ts';
import { lintLines } from './lint-lines.ts';
import { lintTable } from './lint-table.ts';
import type { Problem, Table } from './model.ts';
import { jumpsToAny } from './options.ts';
import { ownChains } from './own-chains.ts';
import { ownWholeTable } from './own-whole-table.ts';
import { parseRules } from './parse.ts';
import { type PerFamily, perFamily } from './tables.ts';
import type { WantedTable } from './wanted-table.ts';

export interface WantedRules {
  /** What can be read; where there are problems, without the lines that have one. */
  tables: PerFamily<Map<string, WantedTable>>;
  problems: (Problem & { family: Family })[];
}

/** Reads both texts of a ruleset: every line that cannot be taken becomes a problem. */
export function readWanted(ruleset: Pick<Ruleset, 'scope' | 'ipv4' | 'ipv6'>): WantedRules {
  const texts = perFamily((family) => readText(ruleset[family] ?? '', ruleset.scope, family));
  const problems = FAMILIES.flatMap((family) =>
    texts[family].problems.map((problem) => ({ ...problem, family })),
  );
  const isEmpty = problems.length === 0 && FAMILIES.every((family) => texts[family].tables.size === 0);
  return {
    tables: perFamily((family) => texts[family].tables),
    problems: isEmpty ? [NOTHING_WANTED] : problems,
  };
}

/** Reads rules in the kernel's own spelling, of which there is nothing to lint. */
export function readSpelled(scope: Scope, text: string): Map<string, WantedTable> {
  const own = scope === 'tables' ? ownWholeTable : ownChains;
  return new Map([...parseRules(text).tables].map(([name, table]) => [name, own(table).table]));
}

/** An empty file is rather a mistake than a wish, and there is another word for the wish. */
const NOTHING_WANTED = {
  family: 'ipv4',
  line: 1,
  table: null,
  chain: null,
  reason: 'there is no table in either family: to take a ruleset away, remove it',
} as const;

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
