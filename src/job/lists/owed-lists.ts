import type { JobFailure } from '../outcome/job-failure.ts';
import { isUndoFailed, undoPending } from '../outcome/undo-pending.ts';
import { withList } from '../ports/list-session.ts';
import type { ListJournal } from '../ports/lists.ts';
import type { Ports } from '../ports/ports.ts';
import type { ResultStore } from '../ports/stores.ts';
import { Stopwatch } from '../time/stopwatch.ts';
import { settleList, tellSettledLists } from './settle-lists.ts';

/**
 * Tries the undos of lists that are owed, once each: nothing else may change before. And ends what was begun with lists for rulesets whose
 * record the next change writes over. The lock of no list may be held.
 *
 * @param except a list whose own job tries it anyway
 * @throws {JobFailure} `undo_pending`, if one still fails
 * @throws {StateUnavailable | LockTimeout | LockLost}
 */
export async function settleOwedLists(purpose: string, ports: Ports, except?: string): Promise<void> {
  for (const name of await owedLists(ports)) {
    if (name === except) continue;
    const asking = { purpose, watch: new Stopwatch() };
    tellSettledLists(await withList(name, ports, asking, settleList), ports);
  }
}

/** The lists whose job has ended without its undo, and those made for a ruleset. */
async function owedLists({
  listJournal,
  results,
}: {
  listJournal: Pick<ListJournal, 'names' | 'read'>;
  results: Pick<ResultStore, 'find'>;
}): Promise<string[]> {
  const owed: string[] = [];
  for (const name of await listJournal.names()) {
    // One that is damaged keeps jobs of its own list only.
    const change = await listJournal.read(name).catch(() => null);
    if (change !== null && change.madeFor !== null) owed.push(name);
    const ends = await Promise.all((change?.jobs ?? []).map(async ({ job }) => await results.find(job.id)));
    if (ends.some((end) => end !== null && isUndoFailed(end.data))) owed.push(name);
  }
  return owed;
}

/** Why no list may change now: the undo of a ruleset is owed. `null`: none is. Whoever has the lock of rules tries it. */
export async function owedByRuleset({
  journal,
  caretaker,
}: Pick<Ports, 'journal' | 'caretaker'>): Promise<JobFailure | null> {
  // One that is damaged is no owed undo.
  const change = await journal.peek().catch(() => null);
  if (change === null || change.owed === null) return null;
  caretaker.wake();
  return undoPending(change, null);
}
