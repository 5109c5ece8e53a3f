import { plural } from '../../central/messages/plural.ts';
import type { JobCompleted } from '../../contract/events/event.ts';
import type { DecidingLine, FailedTest, Failure } from '../../contract/events/failure.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';

/** Each test that did not come out as it has to, at its place in the file, with the rule that decided it below. */
export function showFailedTests(
  { tests = [], testCount = tests.length }: Failure,
  file: RulesetFile | null,
  showLine: (line: DecidingLine & { line: number }) => string[],
): string[] {
  const more = testCount - tests.length;
  return [
    ...tests.flatMap((test) => showTest(test, file, showLine)),
    ...(more > 0 ? [`${plural(more, 'more test')} than are shown here`] : []),
  ];
}

function showTest(
  { name, expected, got, lines }: FailedTest,
  file: RulesetFile | null,
  showLine: (line: DecidingLine & { line: number }) => string[],
): string[] {
  const line = file?.tests.get(name);
  // A test of the policy of the host stands in no file of the person.
  const place = file === null || line === undefined ? '' : `${escapeControl(file.path)}:${line}: `;
  return [
    `${place}test "${escapeControl(name)}": expected ${escapeControl(expected)}, got ${escapeControl(got)}`,
    ...lines.flatMap((decided) =>
      decided.line === null ? [`  ${showOther(decided)}`] : showLine({ ...decided, line: decided.line }),
    ),
  ];
}

function showOther({ owner = 'foreign', table, chain, text }: DecidingLine): string {
  const rule = escapeControl(`${table}: ${text}`);
  if (owner === 'policy') return `decided by the policy of ${escapeControl(chain ?? 'the chain')}, ${rule}`;
  return owner === 'foreign'
    ? `decided by a rule of somebody else, ${rule}`
    : `decided by a rule of ruleset ${escapeControl(owner)}, ${rule}`;
}

/** `; 3 tests passed`, or nothing where there were none. */
export function tellTests({ tests }: Pick<JobCompleted, 'tests'>): string {
  if (tests === undefined) return '';
  return `; ${plural(tests.passed, 'test')} passed${tests.notes.map((note) => `\n  note: ${escapeControl(note)}`).join('')}`;
}
