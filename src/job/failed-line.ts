import { type FailedLine } from '../contract/failure.ts';
import type { Family } from '../contract/identifiers.ts';
import type { Ruleset } from '../contract/job.ts';

type Texts = Pick<Ruleset, 'ipv4' | 'ipv6'>;

/** A line of the text as it was sent, with its neighbours. */
export function quoteLine(
  texts: Texts,
  family: Family,
  line: number,
): Pick<FailedLine, 'family' | 'line' | 'text' | 'context'> {
  const lines = (texts[family] ?? '').split('\n');
  const context = [line - 1, line + 1]
    .map((number) => ({ line: number, text: lines[number - 1] }))
    .filter((neighbour): neighbour is { line: number; text: string } => (neighbour.text ?? '') !== '');
  return { family, line, text: lines[line - 1] ?? '', context };
}
