import { escapeControl } from '../../contract/escape.ts';
import type { FailedLine, Failure } from '../../contract/failure.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';

const NUMBER_WIDTH = 5;

/** A failure as a compiler shows it: each line with its place, and, where there is the file, its neighbours. */
export function showFailure(failure: Failure, file: RulesetFile | null): string[] {
  if (file === null) return [escapeControl(failure.message), ...failure.lines.map(showBriefly)];
  const name = escapeControl(file.path);
  if (failure.lines.length === 0) return [`${name}: ${failure.message}`];
  const shown = failure.lines.flatMap((line) => showLine(line, file));
  const left = (failure.lineCount ?? 0) - failure.lines.length;
  const more =
    left > 0
      ? ` (${left} more than are shown here)`
      : failure.truncated === true
        ? ' (more than are shown here)'
        : '';
  return [...shown, `${name}: ${failure.message}${more}`];
}

/** Where a failing line stands: in the person's own file or, where that is not known, in the text that was sent. */
export function tellPlace({ family, line }: FailedLine, file: RulesetFile | null): string {
  if (file === null) return `${family} line ${line}`;
  return `${escapeControl(file.path)}:${file.placeOf(family, line).line}`;
}

function showBriefly(failed: FailedLine): string {
  return `${tellPlace(failed, null)}: ${escapeControl(`${failed.text}: ${failed.reason}`)}`;
}

function showLine(failed: FailedLine, file: RulesetFile): string[] {
  const { family, line, text, reason, context } = failed;
  const quoted = [...context, { line, text }].toSorted((a, b) => a.line - b.line);
  const { isExact } = file.placeOf(family, line);
  // Where all of a text stands in one line of the file, its own numbers tell more.
  const numberOf = (own: number) => String(isExact ? file.placeOf(family, own).line : own);
  return [
    `${tellPlace(failed, file)}: ${reason} (${family}${isExact ? '' : ` line ${line}`})`,
    ...quoted.map(
      (other) =>
        `${other.line === line ? '>' : ' '} ${numberOf(other.line).padStart(NUMBER_WIDTH)} | ${other.text}`,
    ),
  ];
}
