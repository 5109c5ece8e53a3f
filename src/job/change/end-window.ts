import type { Journal, OpenChange } from '../ports/pending.ts';

/**
 * Closes the window of a ruleset's change in the journal, before the undo begins. Otherwise another process could go on waiting for
 * the answer, and keep a change that is half undone.
 */
export function endWindowOf(
  change: OpenChange,
  { journal }: { journal: Journal },
): (deadlineMs: number) => Promise<void> {
  return async (deadlineMs) => await journal.update({ ...change, window: { ...change.window, deadlineMs } });
}
