import type { JobFailure } from '../outcome/job-failure.ts';
import { hasUndoFailed, undoPending } from '../outcome/undo-pending.ts';
import { withList } from '../ports/list-session.ts';
import type { PendingList } from '../ports/lists.ts';
import type { Ports } from '../ports/ports.ts';
import { Stopwatch } from '../time/stopwatch.ts';
import { settleList, tellSettledLists } from './settle-lists.ts';

/**
 * Tries the undos of lists that are owed, once each: nothing else may change before. The lock of no list may be held.
 *
 * @param except a list whose own job tries it anyway
 * @throws {JobFailure} `undo_pending`, if one still fails
 * @throws {StateUnavailable | LockTimeout | LockLost}
 */
export async function settleOwedLists(purpose: string, ports: Ports, except?: string): Promise<void> {
  const owed = await listsWith(async ({ jobs }) => await hasUndoFailed(jobs, ports), ports);
  for (const name of owed) if (name !== except) await settle(name, purpose, ports);
}

/**
 * Does the same before a change of rules, and ends what was begun with lists for rulesets: whose change has stayed is not known any more
 * once another one is on record.
 *
 * @throws as {@link settleOwedLists}
 */
export async function settleListsOfRules(purpose: string, ports: Ports): Promise<void> {
  if ((await ports.listJournal.names()).length === 0) return;
  await settleOwedLists(purpose, ports);
  const made = await listsWith(({ madeFor }) => madeFor !== null, ports);
  for (const name of made) await settle(name, purpose, ports);
}

async function settle(name: string, purpose: string, ports: Ports): Promise<void> {
  tellSettledLists(await withList(name, ports, { purpose, watch: new Stopwatch() }, settleList), ports);
}

async function listsWith(
  isMeant: (change: PendingList) => boolean | Promise<boolean>,
  { listJournal }: Pick<Ports, 'listJournal'>,
): Promise<string[]> {
  const found: string[] = [];
  for (const name of await listJournal.names()) {
    // One that is damaged keeps jobs of its own list only.
    const change = await listJournal.read(name).catch(() => null);
    if (change !== null && (await isMeant(change))) found.push(name);
  }
  return found;
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
