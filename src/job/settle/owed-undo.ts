import type { Job } from '../../contract/jobs/job.ts';
import { hasUndoFailed } from '../outcome/undo-pending.ts';
import type { PendingChange } from '../ports/pending.ts';
import type { Ports } from '../ports/ports.ts';

/** After this time without a try the watchdog tries the undo. Each try of the worker restarts the time. */
const WATCHDOG_SECONDS = 60;
const CHANGES = new Set<Job['action']>(['apply', 'remove', 'rollback']);

/**
 * Notes that the job has ended and its undo goes on: in this process, or in another one when this one ends. If the journal cannot
 * be written, the job's result still says that its end is published.
 */
export async function oweUndo(
  change: PendingChange,
  ports: Pick<Ports, 'journal' | 'watchdog' | 'caretaker' | 'log'>,
): Promise<void> {
  const { journal, watchdog, caretaker, log } = ports;
  const fields = { jobId: change.job.id };
  caretaker.wake();
  if (change.owed === null) {
    await journal
      .update({ ...change, owed: { since: new Date().toISOString() } })
      .catch((error: unknown) => log.error({ ...fields, error }, 'Cannot write that an undo is owed'));
  }
  await watchdog
    .arm(change, WATCHDOG_SECONDS)
    .catch((error: unknown) => log.error({ ...fields, error }, 'No watchdog goes on with an undo'));
}

/**
 * Says whether a change of rules or of a list is still to be taken back although its job has ended. The end on disk counts as much as
 * the mark in the journal, which could perhaps not be written.
 *
 * @returns `null` if that cannot be read now
 */
export async function isUndoOwed({
  journal,
  listJournal,
  results,
}: Pick<Ports, 'journal' | 'listJournal' | 'results'>): Promise<boolean | null> {
  try {
    const [change, names] = await Promise.all([journal.peek(), listJournal.names()]);
    if (change !== null && change.owed !== null) return true;
    const lists = await Promise.all(names.map(async (name) => await listJournal.read(name)));
    const left = [...(change === null ? [] : [change]), ...lists.flatMap((list) => list?.jobs ?? [])];
    return await hasUndoFailed(left, { results });
  } catch {
    return null;
  }
}

/** Says whether a job would change rules. Such a job must wait until an owed undo has succeeded. */
export function wouldChange({ action }: Pick<Job, 'action'>): boolean {
  return CHANGES.has(action);
}
