import {
  type Diff,
  type JobCompleted,
  MAX_REPORT_BYTES,
  type ReportedRuleset,
  type TableDiff,
} from '../../contract/events/event.ts';
import { type FailedLine, type FailedTest, type Failure } from '../../contract/events/failure.ts';
import type { Reach } from '../../contract/events/reach.ts';
import { escapeControl, escapeLines } from '../../contract/words/escape.ts';

/**
 * These limits keep an event within 64 KiB, and a report within 4 MiB, whatever text from outside is in it. They count bytes of
 * JSON. Control characters are escaped first.
 */

const LINE_BYTES = 400;
const STDERR_BYTES = 4 * 1024;
const MOST_LINES = 20;
/** The room for all rule texts of a diff together: what is left of 64 KiB after twenty failed lines with their context. */
const DIFF_BYTES = 20 * 1024;
/** The room for tests that failed: a diff is not there beside them. */
const TESTS_BYTES = DIFF_BYTES;
/** The same for what a change opens and closes. A check that has it has no failed lines. */
const REACH_BYTES = 24 * 1024;
const MOST_DECIDING = 3;
const MOST_NOTES = 10;
const REPORT_BYTES = MAX_REPORT_BYTES - 64 * 1024;

export function fitDiff(diff: Diff): Diff {
  const room = { bytes: DIFF_BYTES };
  const tables = diff.tables.map((table) => fitTable(table, room));
  return { ...diff, tables, ...(diff.reach === undefined ? {} : { reach: fitReach(diff.reach) }) };
}

/** The first rules; of more, how many. */
function fitReach({ rules, leftOut, untried }: Reach): Reach {
  let room = REACH_BYTES;
  const fitted: Reach['rules'] = [];
  for (const rule of rules) {
    const shown = { ...rule, rule: fitLine(rule.rule), what: fitLine(rule.what) };
    room -= jsonBytes(JSON.stringify(shown));
    if (room < 0) break;
    fitted.push(shown);
  }
  return {
    rules: fitted,
    leftOut: leftOut + rules.length - fitted.length,
    untried: untried === null ? null : fitLine(untried),
  };
}

function fitTable(table: TableDiff, room: { bytes: number }): TableDiff {
  const added = takeWhileRoom(table.added, room);
  const removed = takeWhileRoom(table.removed, room);
  const cut = added.length < table.added.length || removed.length < table.removed.length;
  return { ...table, added, removed, truncated: table.truncated || cut };
}

function takeWhileRoom(texts: readonly string[], room: { bytes: number }): string[] {
  const taken: string[] = [];
  for (const text of texts) {
    const shown = fitLine(text);
    room.bytes -= jsonBytes(shown) + 1;
    if (room.bytes < 0) break;
    taken.push(shown);
  }
  return taken;
}

export function fitFailure(failure: Failure): Failure {
  const lines = failure.lines.slice(0, MOST_LINES).map(fitFailedLine);
  const stderr = failure.stderr === null ? null : fitText(failure.stderr, STDERR_BYTES);
  const cut = lines.length < failure.lines.length || stderr?.endsWith(ELLIPSIS) === true;
  return {
    ...failure,
    message: fitText(failure.message, 2 * LINE_BYTES),
    lines,
    stderr,
    ...fitTests(failure.tests),
    ...(cut ? { truncated: true } : {}),
  };
}

/** The first notes; of more, that there are. */
export function fitTestsRun({ passed, notes }: NonNullable<JobCompleted['tests']>): JobCompleted['tests'] {
  const shown = notes.slice(0, MOST_NOTES).map(fitLine);
  const more = notes.length - shown.length;
  return { passed, notes: more === 0 ? shown : [...shown, `and ${more} more`] };
}

/** The first tests in full, with their rules; of more, the number. */
function fitTests(tests: readonly FailedTest[] | undefined): Pick<Failure, 'tests' | 'testCount'> {
  if (tests === undefined) return {};
  let room = TESTS_BYTES;
  const fitted = tests.map((test) => ({
    name: fitLine(test.name),
    expected: fitLine(test.expected),
    got: fitLine(test.got),
    lines: test.lines.slice(0, MOST_DECIDING).map(fitFailedLine),
  }));
  const end = fitted.findIndex((test) => {
    room -= jsonBytes(JSON.stringify(test));
    return room < 0;
  });
  if (end === -1) return { tests: fitted };
  return { tests: fitted.slice(0, Math.max(1, end)), testCount: tests.length };
}

function fitFailedLine<T extends Omit<FailedLine, 'line'>>(line: T): T {
  return {
    ...line,
    chain: line.chain === null ? null : fitLine(line.chain),
    text: fitLine(line.text),
    reason: fitLine(line.reason),
    context: line.context.map((neighbour) => ({
      ...neighbour,
      text: fitLine(neighbour.text),
    })),
  };
}

/**
 * Makes the texts of a report fit. They keep their line feeds, as they are meant to be used again. A ruleset for which there is
 * no room has no texts, and is marked as truncated.
 */
export function fitReport(rulesets: readonly ReportedRuleset[]): ReportedRuleset[] {
  let room = REPORT_BYTES;
  return rulesets.map((ruleset) => {
    const shown = {
      ...ruleset,
      ipv4: escapeText(ruleset.ipv4),
      ipv6: escapeText(ruleset.ipv6),
    };
    const size = jsonBytes(JSON.stringify(shown));
    if (size > room) return { ...ruleset, ipv4: null, ipv6: null, truncated: true };
    room -= size;
    return shown;
  });
}

function escapeText(text: string | null): string | null {
  return text === null ? null : escapeLines(text);
}

const ELLIPSIS = '…';

function fitLine(text: string): string {
  return fitText(text, LINE_BYTES);
}

function fitText(text: string, bytes: number): string {
  const shown = escapeControl(text);
  if (jsonBytes(shown) <= bytes) return shown;
  let end = bytes;
  while (jsonBytes(shown.slice(0, end)) > bytes) end = Math.floor(end * 0.9);
  return `${shown.slice(0, end)}${ELLIPSIS}`;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text), 'utf8');
}
