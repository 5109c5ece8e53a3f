import { setTimeout as sleep } from 'node:timers/promises';
import type { Rollback } from '../../contract/events/event.ts';
import type { TableRef } from '../../ruleset/tables.ts';
import { failed, type JobEnd } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf, namesOf } from '../outcome/naming.ts';
import type { LiveTables } from '../plan/snapshot.ts';
import { RestoreFailed } from '../ports/firewall.ts';
import { LockLost } from '../ports/host-lock.ts';
import type { Ports } from '../ports/ports.ts';
import type { HostSession } from '../ports/session.ts';
import { BackOff } from '../time/back-off.ts';
import { monotonicMs } from '../time/monotonic.ts';
import { forgetOtherBootFiles } from './commit.ts';
import { type UndoneTable, type UndoSubject, undoChanges } from './undo.ts';

/** What must be undone, and why. */
export interface TakeBack {
  subject: UndoSubject;
  touched: readonly TableRef[];
  /** Returns the tables as they were. @throws {Error} if that is not known */
  before: () => LiveTables | Promise<LiveTables>;
  failure: JobFailure;
  /** Looks again for the reason of the failure, once the host is as it was. */
  explain?: () => Promise<JobFailure>;
  /** How long the undo is tried before the job ends without it, in milliseconds. It is tried at least once. */
  limitMs: number;
}

/** After this time a job ends even if its change is not undone. The undo is owed from then on. */
export const UNDO_LIMIT_MS = 60_000;

/** The result of trying to undo a change. `error` says why it is not undone; `null`: it is. */
interface Undoing {
  error: Error | null;
  performed: boolean;
  tables: UndoneTable[];
}

/**
 * Undoes a change that failed, and returns the job's end, which tells whether that worked. If it did not, the end is
 * `undo_failed` and the journal stays open.
 *
 * @throws {LockLost} if another process may be writing the rules: the next holder of the lock must undo the change
 */
export async function takeBack(work: TakeBack, session: HostSession): Promise<JobEnd> {
  const { failure, subject } = work;
  if (work.touched.length === 0) {
    await forgetOtherBootFiles(subject, namesOf(subject), session.ports);
    return failed(failure);
  }
  const { error, performed, tables } = await undoStubbornly(work, session);
  const rollback = { performed, ...(tables.length === 0 ? {} : { tables: tables.map(describeTable) }) };
  if (error !== null) return undoFailed(work, error, { ...rollback, performed: true }, session.ports);
  await forgetOtherBootFiles(subject, namesOf(subject), session.ports);
  return failed((await work.explain?.()) ?? failure, {
    rollback: { ...rollback, reason: performed ? failure.code : null, verified: true },
  });
}

/** Returns why an undo failed, in words. */
export function describeCause(error: unknown): string {
  const { message } = error as Error;
  return error instanceof RestoreFailed ? `${error.fault.command} failed: ${message}` : message;
}

/**
 * Tries the undo again and again until it succeeds or the time is over. Another program may hold the xtables lock, or keep the
 * machine busy, for a while.
 */
async function undoStubbornly(work: TakeBack, { rules, ports: { log } }: HostSession): Promise<Undoing> {
  const { subject, touched, before, limitMs } = work;
  const deadline = monotonicMs() + limitMs;
  const pause = new BackOff();
  let performed = false;
  for (;;) {
    let tables: UndoneTable[] = [];
    let error: Error | null;
    try {
      tables = await undoChanges(subject, touched, await before(), rules);
      error = differenceIn(tables);
    } catch (thrown) {
      if (thrown instanceof LockLost) throw thrown;
      error = thrown as Error;
    }
    // A restore that failed may still have written the table. Then the next try finds nothing to do, although something was
    // undone.
    performed ||= error instanceof RestoreFailed || tables.some((table) => table.performed);
    const leftMs = deadline - monotonicMs();
    if (error === null || leftMs <= 0) return { error, performed, tables };
    log.warn({ ...namesOf(subject), error }, 'Undo did not succeed, and is tried again');
    await sleep(Math.min(leftMs, pause.next()));
  }
}

function differenceIn(tables: readonly UndoneTable[]): Error | null {
  const broken = tables.filter(({ differs }) => differs !== null);
  if (broken.length === 0) return null;
  const places = broken.map(({ family, table, differs }) => `${family} ${table}: ${differs}`);
  return new Error(`what is live differs from what was before in ${places.join('; ')}`);
}

function describeTable({ family, table, performed, differs }: UndoneTable) {
  return { family, table, performed, verified: differs === null };
}

/**
 * Makes the end of a job whose change is not undone. Only then may the host not be as it was, so the end tells everything known.
 */
function undoFailed(
  { subject, failure }: TakeBack,
  error: Error,
  rollback: Pick<Rollback, 'performed' | 'tables'>,
  { log }: Pick<Ports, 'log'>,
): JobEnd {
  log.error({ ...namesOf(subject), error }, 'Undo failed: it is tried again until it succeeds');
  const message = `ruleset ${labelOf(subject)} failed (${failure.message}), and the host could not yet be put back as it was, which is tried on: ${describeCause(error)}`;
  const { lines, tool } = failure;
  const options = { lines, cause: error, ...(tool === null ? {} : { tool }) };
  return failed(new JobFailure('apply', 'undo_failed', message, options), {
    changed: true,
    rollback: { ...rollback, reason: failure.code, verified: false },
  });
}
