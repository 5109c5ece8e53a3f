import { plural } from '../../central/messages/plural.ts';
import type { Diff } from '../../contract/events/event.ts';

/** A difference in one line: of what was done, or of what would be. */
export function describeCounts(diff: Diff | null, isDone = false): string {
  if (diff === null || diff.added + diff.removed === 0)
    return isDone ? 'nothing had to change' : 'nothing would change';
  return `${plural(diff.added, 'rule')} in, ${diff.removed} out, ${diff.unchanged} unchanged`;
}
