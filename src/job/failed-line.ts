import type { FailedLine } from '../contract/event.ts';
import type { Family } from '../contract/identifiers.ts';
import type { Ruleset } from '../contract/job.ts';
import { sourceLine, type TableChange } from '../ruleset/change.ts';
import type { WantedTable } from '../ruleset/wanted.ts';
import type { NamedLine } from './restore-fault.ts';

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

/**
 * The lines that a tool named in a rendered change, in the numbers of the text as it was sent. Where it named the
 * COMMIT, it only says that something in the table was refused: the line is not known. Lines that fleetwall
 * added by itself are left out.
 */
export function locateLines(
  texts: Texts,
  change: TableChange,
  wanted: WantedTable | undefined,
  named: readonly NamedLine[],
): FailedLine[] {
  return named.flatMap(({ line, reason }): FailedLine[] => {
    const source = sourceLine(change, line);
    if (source !== null) {
      const quoted = quoteLine(texts, change.family, source);
      const chain = /^(?:-[AI] |:)(\S+)/.exec(quoted.text)?.[1] ?? null;
      return [
        {
          ...quoted,
          table: change.table,
          chain,
          reason,
          reportedLine: source,
          confidence: 'reported',
        },
      ];
    }
    const commit = wanted?.commitLine ?? null;
    if (line < change.lines.length + 2 || commit === null) return [];
    const quoted = quoteLine(texts, change.family, commit);
    return [
      {
        ...quoted,
        table: change.table,
        chain: null,
        reason,
        reportedLine: commit,
        confidence: 'unknown',
      },
    ];
  });
}
