import { escapeControl } from '../../contract/escape.ts';
import { type FailedLine, type Failure } from '../../contract/failure.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';

/** A failure as a compiler shows it: each line with its place in the user's own file, and its neighbours. */
export function showFailure(failure: Failure, file: RulesetFile): string[] {
  const name = escapeControl(file.path);
  if (failure.lines.length === 0) return [`${name}: ${failure.message}`];
  const shown = failure.lines.flatMap((line) => showLine(line, file, name));
  const left = (failure.lineCount ?? 0) - failure.lines.length;
  const more =
    left > 0
      ? ` (${left} more than are shown here)`
      : failure.truncated === true
        ? ' (more than are shown here)'
        : '';
  return [...shown, `${name}: ${failure.message}${more}`];
}

function showLine(failed: FailedLine, { lineOf }: RulesetFile, name: string): string[] {
  const { family, line, text, reason, context } = failed;
  const quoted = [...context, { line, text }].toSorted((a, b) => a.line - b.line);
  // In quotes, all of a text stands in one line of the file: then its own numbers tell more.
  const hasLines = lineOf(family, line) !== lineOf(family, line + 1);
  const numberOf = (own: number) => String(hasLines ? lineOf(family, own) : own).padStart(5);
  return [
    `${name}:${lineOf(family, line)}: ${reason} (${family}${hasLines ? '' : ` line ${line}`})`,
    ...quoted.map((other) => `${other.line === line ? '>' : ' '} ${numberOf(other.line)} | ${other.text}`),
  ];
}
