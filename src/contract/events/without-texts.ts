import type { Diff, FleetEvent, JobCompleted, ReportedList } from './event.ts';
import type { FailedLine, Failure } from './failure.ts';

/**
 * Returns an event without rule texts, for a host that must not send them: it says what happened and on which line, not what the
 * line says.
 */
export function withoutTexts<T extends FleetEvent>(event: T): T {
  const data = { ...event.data } as {
    diff?: Diff | null;
    failure?: Failure | null;
    report?: Report | null;
    tests?: JobCompleted['tests'];
  };
  if (data.diff != null) data.diff = diffWithoutTexts(data.diff);
  if (data.failure != null) data.failure = failureWithoutTexts(data.failure);
  if (data.tests !== undefined) data.tests = { ...data.tests, notes: data.tests.notes.map(withoutQuotes) };
  if (data.report != null) data.report = reportWithoutTexts(data.report);
  return { ...event, data };
}

interface Report {
  lists?: ReportedList[];
  rulesets: { ipv4: string | null; ipv6: string | null }[];
}

function diffWithoutTexts({ reach, ...diff }: Diff): Diff {
  const tables = diff.tables.map(withoutRules);
  if (reach === undefined) return { ...diff, tables };
  const { rules, leftOut, untried } = reach;
  const why = untried === null ? null : withoutQuotes(untried);
  return { ...diff, tables, reach: { rules: [], leftOut: leftOut + rules.length, untried: why } };
}

function withoutRules(table: Diff['tables'][number]): Diff['tables'][number] {
  const isCut = table.truncated || table.added.length + table.removed.length > 0;
  return { ...table, added: [], removed: [], truncated: isCut };
}

function failureWithoutTexts(failure: Failure): Failure {
  const told = failure.lines.flatMap(textsOf);
  return {
    ...failure,
    message: withoutWords(withoutQuotes(failure.message), told),
    stderr: null,
    truncated: true,
    lines: failure.lines.map(lineWithoutTexts),
    ...(failure.tests === undefined
      ? {}
      : {
          tests: failure.tests.map((test) => ({
            ...test,
            got: withoutQuotes(test.got),
            lines: test.lines.map(lineWithoutTexts),
          })),
        }),
  };
}

type Line = Omit<FailedLine, 'line'>;

function lineWithoutTexts<T extends Line>(line: T): T {
  const reason = withoutWords(withoutQuotes(line.reason), textsOf(line));
  return { ...line, table: tableWithoutText(line.table), text: '', context: [], reason };
}

function textsOf({ text, context }: Line): string[] {
  return [text, ...context.map((one) => one.text)];
}

const TABLES = new Set(['filter', 'nat', 'mangle', 'raw', 'security']);

/** What stands for a table in a text may be anything. */
function tableWithoutText<T extends string | null>(table: T): T | '…' {
  return table === null || TABLES.has(table) ? table : '…';
}

/**
 * Takes out what a message quotes, from the first quote to the last: a quoted rule has quotes of its own. Tools quote the text that they
 * do not like, as in `host/network "10.0.0.300" not found`. The apostrophe of a word (`doesn't`) is no quote.
 */
function withoutQuotes(text: string): string {
  return text.replace(/(?<!\w)(["'`]).*(["'`])(?!\w)/s, '$1…$2');
}

/** Takes the words of lines out of what is said of them: not all tools quote them (`Set blocked doesn't exist.`). */
function withoutWords(text: string, lines: readonly string[]): string {
  const words = [...new Set(lines.flatMap((line) => line.split(/[\s"'`,=]+/)))].flatMap((word) =>
    // A value may be glued to its option.
    /^-[A-Za-z]./.test(word) ? [word, word.slice(2)] : [word],
  );
  const told = words.filter((word) => word.length > 2 && !OPTION.test(word) && /\w/.test(word));
  if (told.length === 0) return text;
  const patterns = told.toSorted((one, other) => other.length - one.length).map(escaped);
  return text.replace(new RegExp(`(?<!\\w)(?:${patterns.join('|')})(?!\\w)`, 'g'), '…');
}

/** The names of options are iptables' words. */
const OPTION = /^--[a-z][a-z\d-]*$/;

function escaped(word: string): string {
  return word.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

function reportWithoutTexts({ rulesets, lists }: Report) {
  return {
    ...(lists === undefined
      ? {}
      : { lists: lists.map((list) => ({ ...list, entries: [], truncated: true })) }),
    rulesets: rulesets.map((ruleset) => ({ ...ruleset, ipv4: null, ipv6: null, truncated: true })),
  };
}
