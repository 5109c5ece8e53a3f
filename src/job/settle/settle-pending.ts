import type { JobCompletedEvent } from '../../contract/events/event.ts';
import { describeCause } from '../change/take-back.ts';
import type { JobEnd } from '../outcome/job-end.ts';
import { completedEvent } from '../outcome/job-events.ts';
import type { JobFailure } from '../outcome/job-failure.ts';
import { namesOf } from '../outcome/naming.ts';
import { rulesetState } from '../outcome/ruleset-state.ts';
import { isUndoFailed } from '../outcome/undo-pending.ts';
import { undoneEvent } from '../outcome/undone-event.ts';
import { JournalDamaged, type PendingChange } from '../ports/pending.ts';
import type { HostSession } from '../ports/session.ts';
import { Stopwatch } from '../time/stopwatch.ts';
import { closePending } from './close-pending.ts';
import { isEnding, noteEnding } from './note-ending.ts';
import { oweUndo } from './owed-undo.ts';
import { settleChange } from './settle-change.ts';

type Held = HostSession['ports'];

/** The result of settling a pending change. */
export interface Settled {
  change: PendingChange;
  /** The event of the job's end, which is on disk and must still be published; `null` if it is already published. */
  end: JobCompletedEvent | null;
  /** Why the undo failed; then it is owed, and the journal stays open. `null`: the change is settled. */
  owed: string | null;
}

/**
 * Settles the pending change, if there is one. Then the host has what was wanted and confirmed, or what it had before. Whoever
 * takes the lock does this first. If the change's job has already ended, the undo is tried only once.
 *
 * @returns `null` if there is no pending change
 * @throws {StateUnavailable | LockLost}
 * @throws {LockTimeout} if the change waits for an answer that this process cannot hear
 * @throws {WindowLeft} if the worker must stop while it waits for the answer
 */
export async function settlePending(
  session: HostSession,
  why: JobFailure | null = null,
): Promise<Settled | null> {
  const { ports } = session;
  const change = await readJournal(ports);
  if (change === null) return null;
  const { job, ruleset, owed } = change;
  const fields = { jobId: job.id, ...namesOf(ruleset) };
  if (owed === null) ports.log.warn(fields, 'A change was cut short, and is settled');
  else ports.log.debug(fields, 'An undo is owed, and is tried again');
  // A result that cannot be read must not stop the undo.
  const hasEnded = owed !== null || (await ports.results.find(job.id).catch(() => null)) !== null;
  const reached = await settleChange(change, { why, hasEnded }, session);
  ports.confirmation.answers.forget(job.id);
  if (isEnding(change)) return { change, end: null, owed: await noteEnding(change, reached, ports) };
  return await noteSettled(change, reached, ports);
}

/** Writes the result to disk, and only then closes the journal. */
async function noteSettled(change: PendingChange, reached: JobEnd, ports: Held): Promise<Settled> {
  const { job, ruleset, owed } = change;
  const known = await ports.results.find(job.id);
  const end = owed === null ? (known ?? (await remember(change, reached, ports))) : null;
  if (isUndoFailed(reached)) {
    await oweUndo(change, ports);
    return { change, end, owed: describeCause(reached.failure?.cause ?? reached.failure) };
  }
  const wasTold = known === null ? owed !== null : isUndoFailed(known.data);
  if (wasTold && reached.failure !== null) await keepUndone(change, ports);
  await closePending(ports);
  const { outcome, failure } = end?.data ?? reached;
  const fields = { jobId: job.id, ...namesOf(ruleset), outcome };
  ports.log.warn({ ...fields, code: failure?.code, reason: failure?.message }, 'Settled');
  return { change, end, owed: null };
}

/** Reads the journal. A damaged one does not say what to undo: it is logged and put aside. */
async function readJournal({ journal, log }: Held): Promise<PendingChange | null> {
  try {
    return await journal.read();
  } catch (error) {
    if (!(error instanceof JournalDamaged)) throw error;
    log.error({ error }, 'The journal is damaged, and put aside');
    await journal.putAside();
    return null;
  }
}

async function remember(
  { job, ruleset, origin }: PendingChange,
  end: JobEnd,
  ports: Held,
): Promise<JobCompletedEvent> {
  const watch = new Stopwatch(Math.max(0, Date.now() - Date.parse(origin.deliveredAt)));
  const state = await rulesetState(ruleset, ruleset.digest, ports);
  const event = completedEvent(job, { ...end, ruleset: state }, origin, watch, ports);
  await ports.results.put(job.id, event);
  ports.meter.ended(event);
  return event;
}

/**
 * Keeps the event of a late undo, for a worker that reaches the broker. Called before the journal is closed, so that no crash
 * between the two loses the event.
 */
async function keepUndone(change: PendingChange, ports: Held): Promise<void> {
  const state = await rulesetState(change.ruleset, change.ruleset.digest, ports);
  await ports.undone.put({
    event: undoneEvent(change.job, { ruleset: state }, change.diff, ports),
    headers: change.origin.headers,
  });
  ports.caretaker.wake();
}
