import type { JobCompletedEvent } from '../../contract/event.ts';
import { describeCause } from '../change/take-back.ts';
import type { JobEnd } from '../outcome/job-end.ts';
import { completedEvent, undoneEvent } from '../outcome/job-events.ts';
import type { JobFailure } from '../outcome/job-failure.ts';
import { namesOf } from '../outcome/naming.ts';
import { rulesetState } from '../outcome/ruleset-state.ts';
import { JournalDamaged, type PendingChange } from '../ports/pending.ts';
import type { Ports } from '../ports/ports.ts';
import type { HostSession } from '../ports/session.ts';
import { Stopwatch } from '../ports/stopwatch.ts';
import { isUndoFailed, oweUndo } from './owed-undo.ts';
import { settleChange } from './settle-change.ts';

type Held = HostSession['ports'];

/** What came of a change that had been left open. */
export interface Settled {
  change: PendingChange;
  /** The job's last event, which is remembered, and has still to be published; `null` if it is known to have been told. */
  end: JobCompletedEvent | null;
  /** Why its undo failed: it is owed, and the journal stays open. `null`: all is settled. */
  owed: string | null;
}

/**
 * Ends a change that another process, or this one, had to leave in the middle: the host has then what was wanted and
 * confirmed, or what it had before. Whoever holds the lock does this first. Where the job has ended before, the undo is tried once.
 *
 * @returns `null` if there was nothing to do
 * @throws {StateUnavailable} {@link LockLost}
 * @throws {LockTimeout} if the change waits for an answer that this process cannot hear
 * @throws {WindowLeft} if it waited for the answer, and is to stop
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
  // What cannot be read must not keep the host from getting back.
  const hasEnded = owed !== null || (await ports.results.find(job.id).catch(() => null)) !== null;
  const reached = await settleChange(change, { why, hasEnded }, session);
  return await noteSettled(change, reached, ports);
}

/** What came of it is on disk, and only then the journal is closed. */
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

/** The change has ended, either way, and its end is known. */
export async function closePending({
  journal,
  watchdog,
}: Pick<Ports, 'journal' | 'watchdog'>): Promise<void> {
  await watchdog.disarm();
  await journal.close();
}

/** A journal that cannot be understood says nothing of the host: that is told, and there is nothing else to be done. */
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

/** Whoever reaches the broker tells it: before the journal is closed, so that it is not lost between the two. */
async function keepUndone(change: PendingChange, ports: Held): Promise<void> {
  const state = await rulesetState(change.ruleset, change.ruleset.digest, ports);
  await ports.undone.put({ event: undoneEvent(change, state, ports), headers: change.origin.headers });
  ports.caretaker.wake();
}
