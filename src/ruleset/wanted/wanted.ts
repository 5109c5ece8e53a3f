import type { Ruleset } from '../../contract/jobs/job.ts';
import { FAMILIES, type Family, type Scope } from '../../contract/words/identifiers.ts';
import { finish, type Steps } from '../../steps.ts';
import { appendAll } from '../append-all.ts';
import type { Problem } from '../model.ts';
import { type PerFamily, perFamily } from '../tables.ts';
import { toBytes } from '../text/bytes.ts';
import { lintLines } from '../text/lint-lines.ts';
import { readSentSteps, type SentSection } from '../text/sent-text.ts';
import { lintSection, withoutLines } from './lint-section.ts';
import { ownChains } from './own-chains.ts';
import { ownWholeTable } from './own-whole-table.ts';
import type { WantedTable } from './wanted-table.ts';

export interface WantedRules {
  /** What can be read. Lines with problems are left out. */
  tables: PerFamily<Map<string, WantedTable>>;
  problems: (Problem & { family: Family })[];
}

/** Reads both texts of a ruleset. Every line that cannot be accepted becomes a problem. */
export function readWanted(ruleset: Pick<Ruleset, 'scope' | 'ipv4' | 'ipv6'>): WantedRules {
  return finish(readWantedSteps(ruleset));
}

/** As {@link readWanted}, a piece at a time. */
export function* readWantedSteps({
  scope,
  ipv4 = '',
  ipv6 = '',
}: Pick<Ruleset, 'scope' | 'ipv4' | 'ipv6'>): Steps<WantedRules> {
  const texts = {
    ipv4: yield* readText(ipv4, scope, 'ipv4'),
    ipv6: yield* readText(ipv6, scope, 'ipv6'),
  };
  const problems = FAMILIES.flatMap((family) =>
    texts[family].problems.map((problem) => ({ ...problem, family })),
  );
  const isEmpty = problems.length === 0 && FAMILIES.every((family) => texts[family].tables.size === 0);
  return {
    tables: perFamily((family) => texts[family].tables),
    problems: isEmpty ? [NOTHING_WANTED] : problems,
  };
}

/** An empty ruleset is probably a mistake: whoever wants that can remove the ruleset. */
const NOTHING_WANTED = {
  family: 'ipv4',
  line: 1,
  table: null,
  chain: null,
  reason: 'there is no table in either family: to take a ruleset away, remove it',
} as const;

function* readText(sent: string, scope: Scope, family: Family): Steps<OwnedTables> {
  const { text, problems: lineProblems } = lintLines(sent);
  yield;
  const read = yield* readSentSteps(toBytes(text), family);
  const problems = [...lineProblems, ...read.problems];
  if (sent !== '' && read.sections.length === 0 && problems.length === 0) {
    const reason = 'there is no table in the text: leave the family out, or remove the ruleset';
    problems.push({ line: 1, table: null, chain: null, reason });
  }
  for (const section of read.sections) appendAll(problems, yield* lintSection(section, family));
  const own = scope === 'tables' ? ownTables : ownAllChains;
  const owned = yield* own(withoutBad(read.sections, problems));
  appendAll(problems, owned.problems);
  // If there are new problems, the text is read again without their lines.
  const sound = owned.problems.length === 0 ? owned : yield* own(withoutBad(read.sections, problems));
  return { tables: sound.tables, problems: onePerLine(problems) };
}

interface OwnedTables {
  tables: Map<string, WantedTable>;
  problems: Problem[];
}

function withoutBad(sections: readonly SentSection[], problems: readonly Problem[]): SentSection[] {
  const bad = new Set(problems.map(({ line }) => line));
  return sections.map((section) => withoutLines(section, bad));
}

function* ownTables(sections: readonly SentSection[]): Steps<OwnedTables> {
  const tables = new Map<string, [SentSection, ...SentSection[]]>();
  for (const section of sections) {
    const known = tables.get(section.table);
    if (known === undefined) tables.set(section.table, [section]);
    else known.push(section);
  }
  const owned: OwnedTable[] = [];
  for (const same of tables.values()) {
    yield;
    owned.push(yield* ownWholeTable(same));
  }
  return gather(owned, []);
}

function* ownAllChains(sections: readonly SentSection[]): Steps<OwnedTables> {
  const first = new Map(sections.toReversed().map((section) => [section.table, section]));
  const again = sections.filter((section) => first.get(section.table) !== section);
  const problems = again.map(({ table, line }) => {
    const reason = `table ${table} is there already, from line ${first.get(table)?.line}: put both into one`;
    return { line, table, chain: null, reason };
  });
  const owned: OwnedTable[] = [];
  for (const section of [...first.values()].toReversed()) owned.push(yield* ownChains(section));
  return gather(owned, problems);
}

interface OwnedTable {
  table: WantedTable;
  problems: Problem[];
}

function gather(owned: readonly OwnedTable[], problems: Problem[]): OwnedTables {
  return {
    tables: new Map(owned.map(({ table }) => [table.name, table])),
    problems: [...problems, ...owned.flatMap((one) => one.problems)],
  };
}

/** Sorts the problems by line. Joins all reasons about one line into one problem. */
function onePerLine(problems: readonly Problem[]): Problem[] {
  const lines = new Map<number, Problem>();
  for (const problem of problems.toSorted((a, b) => a.line - b.line)) {
    const known = lines.get(problem.line);
    const reason = known === undefined ? problem.reason : `${known.reason}; ${problem.reason}`;
    lines.set(problem.line, { ...problem, reason });
  }
  return [...lines.values()];
}
