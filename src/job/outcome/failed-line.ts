import { type FailedLine } from '../../contract/events/failure.ts';
import type { Ruleset } from '../../contract/jobs/job.ts';
import type { Family } from '../../contract/words/identifiers.ts';

type Texts = Pick<Ruleset, 'ipv4' | 'ipv6'>;

/** A line that cannot be accepted, without its text. */
export type FoundLine = Omit<FailedLine, 'text' | 'context'>;

/** Makes a finding about a line that the worker itself cannot accept. No tool was asked, so it is verified. */
export function ownFinding(line: Omit<FoundLine, 'reportedLine' | 'confidence'>): FoundLine {
  return { ...line, reportedLine: null, confidence: 'verified' };
}

/** The lines of a failure, as events have them: the first ones with their texts, and the number of all. */
export interface FoundLines {
  lines: FailedLine[];
  /** `null`: there may be more lines, which were not looked for. */
  lineCount: number | null;
}

/** Lines beyond these are only counted: nobody mends more at a time. A text may have 200,000 of them. */
const MOST_LINES = 20;

/** Quotes the first of the lines that were found: each with its text as it was sent, and the lines around it. */
export function quoteLines(texts: Texts, found: readonly FoundLine[], isAll = true): FoundLines {
  const inOrder = found.toSorted((a, b) => a.family.localeCompare(b.family) || a.line - b.line);
  const quoter = new Quoter(texts);
  return {
    lines: inOrder.slice(0, MOST_LINES).map((line) => ({ ...line, ...quoter.quote(line.family, line.line) })),
    lineCount: isAll ? found.length : null,
  };
}

/** Quotes lines of a text. Splits the text only once. */
class Quoter {
  readonly #texts: Texts;
  readonly #lines = new Map<Family, string[]>();

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  quote(family: Family, line: number): Pick<FailedLine, 'text' | 'context'> {
    const lines = this.#lines.get(family) ?? (this.#texts[family] ?? '').split('\n');
    this.#lines.set(family, lines);
    const context = [line - 1, line + 1]
      .map((number) => ({ line: number, text: lines[number - 1] }))
      .filter((neighbour): neighbour is { line: number; text: string } => (neighbour.text ?? '') !== '');
    return { text: lines[line - 1] ?? '', context };
  }
}

/** Returns how many lines a failure has, in words, such as `3 lines` or `at least 200 rules`. */
export function countLines({ lines, lineCount }: FoundLines, what: string): string {
  const count = lineCount ?? lines.length;
  return `${lineCount === null ? 'at least ' : ''}${count} ${what}${count === 1 ? '' : 's'}`;
}
