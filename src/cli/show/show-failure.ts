import type { FailedLine, Failure } from '../../contract/events/failure.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import type { Family } from '../../contract/words/identifiers.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';
import { mergeFamilies, type ToldLine } from './merge-families.ts';
import { showFailedTests } from './show-tests.ts';
import { tellAdoption } from './tell-adoption.ts';

const NUMBER_WIDTH = 5;
const DECIDES = 'this rule decides it';

/** A failure as a compiler shows it: each line with its place, and, where there is the file, its neighbours. */
export function showFailure(failure: Failure, file: RulesetFile | null): string[] {
  if (failure.tests !== undefined) return showTests(failure, file);
  const told = mergeFamilies(failure.lines, file);
  if (file === null) return [escapeControl(tellMessage(failure)), ...told.map(showBriefly)];
  const name = escapeControl(file.path);
  if (told.length === 0) return [`${name}: ${failure.message}`];
  const notes = [
    ...(told.length < failure.lines.length ? ['a line for both families counts twice'] : []),
    ...tellMore(failure),
  ];
  const more = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  return [
    ...told.flatMap((line) => showLine(line, file)),
    `${name}: ${tellMessage(failure)}${more}`,
    ...tellAdoption(failure, file),
  ];
}

function showTests(failure: Failure, file: RulesetFile | null): string[] {
  const showOne = (line: FailedLine) =>
    mergeFamilies([{ ...line, reason: DECIDES }], file).flatMap((told) =>
      file === null ? [showBriefly(told)] : showLine(told, file),
    );
  const [head = failure.message] = failure.message.split(': "');
  return [
    ...showFailedTests(failure, file, (line) => showOne(line).map((text) => `  ${text}`)),
    file === null ? escapeControl(head) : `${escapeControl(file.path)}: ${escapeControl(head)}`,
  ];
}

/** What of the message the failing line does not say itself. */
export function tellMessage({ message, lines: [first] }: Failure): string {
  const same = first === undefined ? -1 : message.indexOf(`: ${first.reason}`);
  return same === -1 ? message : `${message.slice(0, same)} cannot be applied`;
}

function tellMore({ lines, lineCount = 0, truncated }: Failure): string[] {
  if (lineCount > lines.length) return [`${lineCount - lines.length} more than are shown here`];
  return truncated === true ? ['more than are shown here'] : [];
}

/** Where a failing line stands: in the person's own file or, where that is not known, in the text that was sent. */
export function tellPlace(
  { family, line }: Pick<FailedLine, 'family' | 'line'>,
  file: RulesetFile | null,
): string {
  if (file === null) return `${family} line ${line}`;
  return `${escapeControl(file.path)}:${file.placeOf(family, line).line}`;
}

function showBriefly({ families, line, text, reason }: ToldLine): string {
  return `${families.join(', ')} line ${line}: ${escapeControl(`${text}: ${reason}`)}`;
}

function showLine(told: ToldLine, file: RulesetFile): string[] {
  const { families, line, text, reason, context } = told;
  const [family] = families as [Family];
  const quoted = [...context, { line, text }].toSorted((a, b) => a.line - b.line);
  const { isExact } = file.placeOf(family, line);
  // Where all of a text stands in one line of the file, its own numbers tell more.
  const numberOf = (own: number) => String(isExact ? file.placeOf(family, own).line : own);
  return [
    `${tellPlace({ family, line }, file)}: ${reason} (${families.join(', ')}${isExact ? '' : ` line ${line}`})`,
    ...quoted.map(
      (other) =>
        `${other.line === line ? '>' : ' '} ${numberOf(other.line).padStart(NUMBER_WIDTH)} | ${other.text}`,
    ),
  ];
}
