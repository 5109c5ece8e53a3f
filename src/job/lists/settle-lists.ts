import type { JobCompletedEvent } from '../../contract/events/event.ts';
import { FAMILIES } from '../../contract/words/identifiers.ts';
import { setName } from '../../list/set-lines.ts';
import { confirmChange } from '../change/confirm.ts';
import { asJobFailure, failed, type JobEnd } from '../outcome/job-end.ts';
import { completedEvent } from '../outcome/job-events.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { noteEnd } from '../outcome/job-run.ts';
import { listState } from '../outcome/list-state.ts';
import { labelOf } from '../outcome/naming.ts';
import { isUndoFailed } from '../outcome/undo-pending.ts';
import { undoneEvent } from '../outcome/undone-event.ts';
import { WindowLeft } from '../ports/confirmation.ts';
import { LockLost, LockTimeout } from '../ports/host-lock.ts';
import type { ListSession } from '../ports/list-session.ts';
import type { PendingList, StoredList } from '../ports/lists.ts';
import type { Ports } from '../ports/ports.ts';
import { monotonicMs } from '../time/monotonic.ts';
import { Stopwatch } from '../time/stopwatch.ts';
import { endOf } from './conclude-kept.ts';
import { cutFlows, entriesLeftToCut } from './cut-flows.ts';
import { mendList } from './live-list.ts';
import { settleMadeList } from './made-lists.ts';
import { awaitingOf, diffOf } from './told-change.ts';
import { cutShort, listUndoPending, undoFailed, undoStubbornly } from './undo-list.ts';

/** The ends of jobs whose change was cut short. They are on disk, and still have to be published. */
export type SettledLists = { event: JobCompletedEvent; headers: Record<string, string> }[];

/**
 * Ends the change of a list that was left in the middle, if there is one: it stays if it is on record, else what is on record comes
 * back. Whoever takes the lock of a list does this first.
 *
 * @throws {StateUnavailable | SetsFailed | LockLost}
 * @throws {JobFailure} `undo_pending`, if it cannot be put back yet
 * @throws {LockTimeout} if the change waits for an answer that this process cannot hear
 * @throws {WindowLeft} if the worker must stop while it waits for the answer
 */
export async function settleList(session: ListSession): Promise<SettledLists> {
  const { name, ports, sets } = session;
  const pending = await ports.listJournal.read(name);
  if (pending === null) return [];
  if (pending.madeFor !== null) {
    await settleMadeList(pending.madeFor, session);
    return [];
  }
  const { after, jobs } = pending;
  ports.log.warn({ ...firstOf(jobs), list: name }, 'A change of a list was cut short, and is settled');
  const ends = new Map<string, JobCompletedEvent | null>();
  for (const { job } of jobs) ends.set(job.id, await ports.results.find(job.id));
  const hasEnded = [...ends.values()].some((event) => event !== null);
  const failure = await decide(pending, hasEnded, session);
  for (const { job } of jobs) ports.confirmation.answers.forget(job.id);
  const stored = await ports.lists.read(name);
  const isUndo = failure !== null && !hasEnded;
  const error = await undoStubbornly(
    after,
    isUndo,
    async () => await mendList(name, stored, sets),
    ports.log,
  );
  if (error !== null && failure === null) throw error;
  // Before any of them ends, as when nothing is cut short.
  if (failure === null && !hasEnded && stored !== null)
    await cutFlows(name, entriesLeftToCut(pending.cut, stored, Date.now()), ports);
  const settled = await endEach(pending, ends, { failure, error }, ports);
  if (error !== null) {
    tellSettledLists(settled, ports);
    throw listUndoPending(jobs, after, error);
  }
  await ports.listWatchdogs.of(name).disarm();
  await ports.listJournal.close(name);
  return settled;
}

/** @returns why the change is undone; `null`: it is on record, and stays */
async function decide(
  pending: PendingList,
  hasEnded: boolean,
  session: ListSession,
): Promise<JobFailure | null> {
  const { ports } = session;
  const { name } = pending.after;
  if (isCommitted(await ports.lists.read(name), pending)) return null;
  const isLost = !(await isLive(pending, session));
  const goesOn = !hasEnded && !isLost && isAwaited(pending, ports);
  const failure = goesOn ? await resumeWindow(pending, session) : cutShort(pending, isLost);
  if (failure !== null) await ports.lists.discard(name);
  return failure;
}

/**
 * Whether there is something of a list that waits. Its sets may have gone with their network namespace, and another one may have got the
 * number of that.
 */
async function isLive({ after, window }: PendingList, { sets }: ListSession): Promise<boolean> {
  if (window === null || after.isRemoved) return true;
  const headers = await sets.headers();
  return FAMILIES.some((family) => headers.has(setName(after.name, family)));
}

type Settling = PendingList['jobs'][number];

function firstOf([first]: readonly Settling[]): { jobId?: string } {
  return first === undefined ? {} : { jobId: first.job.id };
}

function reachedBy(
  { end }: Settling,
  after: PendingList['after'],
  failure: JobFailure | null,
  error: Error | null,
): JobEnd {
  if (failure === null) return endOf(end);
  if (error !== null) return undoFailed(after, failure, error);
  return failed(failure, { rollback: { performed: true, reason: failure.code, verified: true } });
}

/** @returns the ends of the jobs that had none */
async function endEach(
  { jobs, after }: PendingList,
  ends: ReadonlyMap<string, JobCompletedEvent | null>,
  { failure, error }: { failure: JobFailure | null; error: Error | null },
  ports: ListSession['ports'],
): Promise<SettledLists> {
  const settled: SettledLists = [];
  for (const one of jobs) {
    const known = ends.get(one.job.id) ?? null;
    if (known === null)
      settled.push(await endSettled(one, reachedBy(one, after, failure, error), after.name, ports));
    else if (error === null && isUndoFailed(known.data)) await keepUndone(one, after.name, ports);
  }
  return settled;
}

/** Keeps the end of a job before it is told. */
async function endSettled(
  { job, origin, revision, end }: Settling,
  reached: JobEnd,
  name: string,
  ports: ListSession['ports'],
): Promise<SettledLists[number]> {
  const digest = reached.failure === null ? end.digest : null;
  const list = await listState({ name, revision }, digest, ports);
  const event = completedEvent(job, { ...reached, list }, origin, new Stopwatch(), ports);
  await ports.results.put(job.id, event);
  noteEnd(event, ports);
  return { event, headers: origin.headers };
}

/** Before the journal is closed, so that no crash between the two loses it. */
async function keepUndone(
  { job, origin, revision, end }: Settling,
  name: string,
  ports: ListSession['ports'],
): Promise<void> {
  const list = await listState({ name, revision }, null, ports);
  const event = undoneEvent(job, { ruleset: null, list }, diffOf(end), ports);
  await ports.undone.put({ event, headers: origin.headers });
  ports.caretaker.wake();
}

/** Does not wait for the broker: the outbox keeps the events until they are confirmed. */
export function tellSettledLists(
  settled: SettledLists,
  { events, log }: Pick<Ports, 'events' | 'log'>,
): void {
  for (const { event, headers } of settled) {
    events.publish(event, headers).catch((error: unknown) => {
      log.debug({ jobId: event.subject, error }, 'The end of a job that was settled is published later');
    });
  }
}

function isCommitted(stored: StoredList | null, { after }: PendingList): boolean {
  return stored?.record.committedBy === after.committedBy && stored.record.revision === after.revision;
}

type Open = PendingList & { window: NonNullable<PendingList['window']> };

/** Whether a change waits for an answer that may still come. */
export function isAwaited(pending: PendingList, { place }: Pick<Ports, 'place'>): pending is Open {
  const { window } = pending;
  if (window === null || pending.place !== place) return false;
  return window.mode === 'manual' && window.resumable && monotonicMs() < window.deadlineMs;
}

/** @returns `null`: the change is on record */
async function resumeWindow(
  pending: PendingList,
  { ports, assertHeld, aside }: Pick<ListSession, 'ports' | 'assertHeld' | 'aside'>,
): Promise<JobFailure | null> {
  const { window, after } = pending;
  if (window === null) return cutShort(pending, false);
  if (!ports.confirmation.answers.resumable) {
    throw new LockTimeout(`list ${labelOf(after)} waits until ${window.deadline} to be confirmed or aborted`);
  }
  const endWindow = async (deadlineMs: number) =>
    await ports.listJournal.write({ ...pending, window: { ...window, deadlineMs } });
  try {
    await aside(async () => await confirmChange(awaitingOf(pending, window), endWindow, ports));
    assertHeld();
    await ports.lists.place(after);
    return null;
  } catch (error) {
    if (error instanceof WindowLeft || error instanceof LockLost) throw error;
    return asJobFailure(error);
  }
}
