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
  return {
    ...failure,
    message: withoutQuotes(failure.message),
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

function lineWithoutTexts<T extends Omit<FailedLine, 'line'>>(line: T): T {
  return { ...line, text: '', context: [], reason: withoutQuotes(line.reason) };
}

/** Takes out what a message quotes: tools quote the text that they do not like, as in `host/network "10.0.0.300" not found`. */
function withoutQuotes(text: string): string {
  return text.replace(/(["'`])[^"'`]*["'`]/g, '$1…$1');
}

function reportWithoutTexts({ rulesets, lists }: Report) {
  return {
    ...(lists === undefined
      ? {}
      : { lists: lists.map((list) => ({ ...list, entries: [], truncated: true })) }),
    rulesets: rulesets.map((ruleset) => ({ ...ruleset, ipv4: null, ipv6: null, truncated: true })),
  };
}
