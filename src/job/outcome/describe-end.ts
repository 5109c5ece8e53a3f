import type { JobCompletedEvent } from '../../contract/events/event.ts';
import { type FailedLine, isRetryable } from '../../contract/events/failure.ts';
import { showBytes } from '../../ruleset/text/bytes.ts';
import { fitFailure, fitReport } from './fit-event.ts';
import { fitListReport, fitSkipped } from './fit-list.ts';
import type { JobEnd } from './job-end.ts';
import type { JobFailure } from './job-failure.ts';

/** What only jobs of lists have. */
export function listFields({ list, counts, skipped }: JobEnd): Partial<JobCompletedEvent['data']> {
  return {
    ...(list === undefined ? {} : { list }),
    ...(counts === undefined ? {} : { counts }),
    ...(skipped === undefined || skipped.length === 0 ? {} : fitSkipped(skipped)),
  };
}

export function describeReport({
  rulesets,
  lists,
}: NonNullable<JobEnd['report']>): JobCompletedEvent['data']['report'] {
  const isEscaped = rulesets.some(({ escaped }) => escaped === true);
  return {
    rulesets: fitReport(rulesets),
    ...(lists === undefined ? {} : { lists: lists.map(fitListReport) }),
    ...(isEscaped ? { escaped: true } : {}),
  };
}

function showLine<T extends Pick<FailedLine, 'chain' | 'reason'>>(line: T): T {
  return {
    ...line,
    chain: line.chain === null ? null : showBytes(line.chain),
    reason: showBytes(line.reason),
  };
}

/** Puts a failure into the form that events have. */
export function describeFailure({ code, stage, message, lines, lineCount, tool, tests }: JobFailure) {
  return fitFailure({
    code,
    stage,
    retryable: isRetryable(code),
    message: showBytes(message),
    lines: lines.map(showLine),
    ...(tests === null ? {} : { tests: tests.map((test) => ({ ...test, lines: test.lines.map(showLine) })) }),
    command: tool?.command ?? null,
    exitCode: tool?.exitCode ?? null,
    stderr: tool === null ? null : showBytes(tool.stderr),
    ...(lineCount === lines.length ? {} : { truncated: true }),
    ...(lineCount === lines.length || lineCount === null ? {} : { lineCount }),
  });
}
