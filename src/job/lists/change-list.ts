import { bothDone } from '../change/both-done.ts';
import { assertConfirmable, confirmChange } from '../change/confirm.ts';
import { asJobFailure, failed } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { JobRun } from '../outcome/job-run.ts';
import { labelOf } from '../outcome/naming.ts';
import { WindowLeft } from '../ports/confirmation.ts';
import { LockLost } from '../ports/host-lock.ts';
import type { ListSession } from '../ports/list-session.ts';
import {
  type ListEnd,
  type ListRecord,
  type PendingList,
  type SetHeader,
  SetsFailed,
} from '../ports/lists.ts';
import { monotonicMs } from '../time/monotonic.ts';
import { concludeKept } from './conclude-kept.ts';
import { cutFlows } from './cut-flows.ts';
import { assertSetsFree } from './foreign-sets.ts';
import { closeChange, leaveChange } from './leave-change.ts';
import { mendList } from './live-list.ts';
import { type Draft, isWrittenWhole, wholeContent } from './plan-list.ts';
import { awaitingOf } from './told-change.ts';
import { undoFailed, undoStubbornly } from './undo-list.ts';
import { unwriteDraft, type Written, writeDraft } from './write-list.ts';

/** Jobs of one list that are written together, and what they lead to. */
export interface ChangeOfList {
  name: string;
  draft: Draft;
  /** In the order of their revisions. With more than one, none asks for a confirmation. */
  jobs: { run: JobRun; end: ListEnd }[];
  /** Entries whose flows are cut once they are in. */
  cut: readonly string[];
}

/**
 * Changes a list, or leaves it as it was. All jobs have ended then.
 *
 * @throws {WindowLeft | LockLost} if the change stays open
 */
export async function changeList(change: ChangeOfList, session: ListSession): Promise<void> {
  const record = recordOf(change);
  let written: Written | null = null;
  let isBegun = false;
  try {
    const [pending, headers] = await bothDone(openJournal(change, record, session), session.sets.headers());
    if (hasWork(change)) {
      assertSetsFree(change.name, change.draft.before, headers);
      isBegun = true;
      written = await session.watch.time('applyMs', () => write(change, record, headers, session));
      await session.watch.time('confirmMs', () => confirmWritten(change, pending, session));
    } else await mendList(change.name, change.draft.before, session.sets);
    await commit(change, record, written, session);
  } catch (error) {
    if (error instanceof LockLost || error instanceof WindowLeft) throw error;
    const failure = failureOf(error, change);
    if (isBegun) return await takeBack(change, record, written, failure, session);
    for (const { run } of change.jobs) await run.conclude(failed(failure));
    return await closeChange(session);
  }
  await cutFlows(change.name, change.cut, session.ports);
  await concludeKept(change.jobs);
  await leaveChange(change.draft, written, session);
}

function recordOf({ draft }: ChangeOfList): ListRecord {
  if (draft.record === null) throw new Error('nothing is planned');
  return draft.record;
}

function hasWork({ jobs }: ChangeOfList): boolean {
  return jobs.some(({ end }) => end.changed);
}

/** @throws {JobFailure} `broker_unreachable` */
async function openJournal(
  { name, draft, jobs, cut }: ChangeOfList,
  after: ListRecord,
  { ports }: ListSession,
): Promise<PendingList> {
  const { confirm } = jobs[0]?.run.job ?? { confirm: { mode: 'none' as const, timeoutSeconds: 0 } };
  const pending: PendingList = {
    jobs: jobs.map(({ run: { job, origin }, end }) => ({
      job: { id: job.id, action: job.action, issuedAt: job.issuedAt, rolloutId: job.rolloutId },
      origin,
      revision: 'list' in job && job.list !== undefined && 'revision' in job.list ? job.list.revision : 0,
      end,
    })),
    place: ports.place,
    after,
    window: null,
    // A whole list is on record, and need not be written once more.
    cut: draft.content !== null && cut.length > 0 ? 'all' : cut,
    madeFor: null,
  };
  const isAsked = confirm.mode !== 'none' && jobs.some(({ end }) => end.changed);
  if (isAsked) await assertConfirmable(`list ${labelOf({ name, revision: after.revision })}`, ports);
  await ports.listJournal.write(pending);
  const [first] = pending.jobs;
  if (isAsked && first !== undefined) await ports.listWatchdogs.of(name).arm(first, confirm.timeoutSeconds);
  return pending;
}

/**
 * Makes the kernel have the list, and meanwhile writes it aside where it is to be put on record whole: each takes as long for a long one.
 *
 * @throws {SetsFailed | JobFailure | StateUnavailable} once nothing more is being written
 */
async function write(
  change: ChangeOfList,
  record: ListRecord,
  headers: ReadonlyMap<string, SetHeader>,
  { ports, sets }: ListSession,
): Promise<Written> {
  const { draft } = change;
  return await writeDraft(draft, record, sets, headers, async () => {
    if (isKeptWhole(change)) await ports.lists.prepare({ record, content: wholeContent(draft) });
  });
}

/** Whether the list is written aside before the change counts: while it waits for an answer, both must be there. */
function isKeptWhole({ draft, jobs }: ChangeOfList): boolean {
  return isWrittenWhole(draft) || (jobs[0]?.run.job.confirm.mode ?? 'none') !== 'none';
}

/** Waits for the confirmation, if one is wanted. */
async function confirmWritten(
  { jobs }: ChangeOfList,
  pending: PendingList,
  { ports, aside }: ListSession,
): Promise<void> {
  const [first] = jobs;
  if (first === undefined) return;
  const { mode, timeoutSeconds } = first.run.job.confirm;
  if (mode === 'none') return;
  const ms = timeoutSeconds * 1000;
  const { resumable } = ports.confirmation.answers;
  const deadline = new Date(Date.now() + ms).toISOString();
  const window = { mode, resumable, deadline, deadlineMs: monotonicMs() + ms };
  const open = { ...pending, window };
  const endWindow = async (deadlineMs: number) =>
    await ports.listJournal.write({ ...open, window: { ...window, deadlineMs } });
  await ports.listJournal.write(open);
  await aside(async () => await confirmChange(awaitingOf(open, window), endWindow, ports));
}

/** From the moment of this on, the change stays. */
async function commit(
  change: ChangeOfList,
  record: ListRecord,
  written: Written | null,
  { ports, assertHeld }: ListSession,
): Promise<void> {
  // Others may have written the list since, and put on record what they have.
  assertHeld();
  const { draft } = change;
  const isPrepared = written !== null && isKeptWhole(change);
  if (isPrepared) await ports.lists.place(record);
  else if (draft.before === null) {
    await ports.lists.prepare({ record, content: wholeContent(draft) });
    await ports.lists.place(record);
  } else await ports.lists.change(draft.before, record, [...draft.changes.values()]);
  // A boot has to find them.
  await ports.boot.writeLoader().catch((error: unknown) => {
    ports.log.error({ list: record.name, error }, 'Cannot write the script that loads lists at boot');
  });
}

async function takeBack(
  change: ChangeOfList,
  record: ListRecord,
  written: Written | null,
  failure: JobFailure,
  session: ListSession,
): Promise<void> {
  const { ports, sets } = session;
  const error = await undoStubbornly(
    record,
    true,
    async () => {
      await ports.lists.discard(record.name).catch(() => {});
      await unwriteDraft(change.draft, record, written, sets);
    },
    ports.log,
  );
  const rollback = { performed: true, reason: failure.code, verified: true };
  const end = error === null ? failed(failure, { rollback }) : undoFailed(record, failure, error);
  for (const { run } of change.jobs) await run.conclude(end);
  if (error === null) return await closeChange(session);
  ports.log.error({ list: record.name, error }, 'Cannot put a list back as it was: it is tried again');
}

function failureOf(error: unknown, { name, draft }: ChangeOfList): JobFailure {
  if (draft.isRemoved && error instanceof SetsFailed && error.kind === 'in-use') {
    const message = `list ${name} is matched by a rule since a moment: it is not removed`;
    return new JobFailure('host', 'list_in_use', message, { cause: error });
  }
  return asJobFailure(error);
}
