import { escapeControl } from '../../contract/words/escape.ts';
import type { Family } from '../../contract/words/identifiers.ts';
import { noteRules } from '../../notes/note-rules.ts';
import { finish } from '../../steps.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';
import { printAside } from '../terminal/print.ts';

/** The most notes that are shown of one file. */
const MOST_SHOWN = 20;

/** What is probably a mistake in the rules of a file, although iptables takes them: a line each. */
export function showNotes(file: RulesetFile): string[] {
  const shown = new Map<string, Family[]>();
  for (const { family, line, text } of finish(noteRules(file.ruleset, numberIn(file)))) {
    const told = `${escapeControl(file.path)}:${numberIn(file)(family, line)}: note: ${escapeControl(text)}`;
    // A line for both families is noted once.
    shown.set(told, [...(shown.get(told) ?? []), family]);
  }
  const lines = [...shown].map(([told, families]) => `${told} (${families.join(', ')})`);
  const more = lines.length - MOST_SHOWN;
  return more <= 0
    ? lines
    : [...lines.slice(0, MOST_SHOWN), `${escapeControl(file.path)}: ${more} more notes`];
}

/** On standard error: nothing failed, and whoever reads the result need not read these. */
export function tellNotes(notes: readonly string[]): void {
  if (notes.length > 0) printAside(`${notes.join('\n')}\n`);
}

function numberIn(file: RulesetFile) {
  return (family: Family, line: number): number => {
    const place = file.placeOf(family, line);
    return place.isExact ? place.line : line;
  };
}
