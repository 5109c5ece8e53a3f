import { setTimeout as sleep } from 'node:timers/promises';
import type { Rollback } from '../../contract/event.ts';
import type { TableRef } from '../../ruleset/tables.ts';
import { failed, type JobEnd } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf, namesOf } from '../outcome/naming.ts';
import type { LiveTables } from '../plan/snapshot.ts';
import { RestoreFailed } from '../ports/firewall.ts';
import { LockLost } from '../ports/host-lock.ts';
import { monotonicMs } from '../ports/monotonic.ts';
import type { Ports } from '../ports/ports.ts';
import type { HostSession } from '../ports/session.ts';
import { BackOff } from './back-off.ts';
import { type UndoneTable, type UndoSubject, undoChanges } from './undo.ts';

/** What has to be undone, and why. */
export interface TakeBack {
  subject: UndoSubject;
  touched: readonly TableRef[];
  /** The tables as they were. @throws {Error} if that is not known */
  before: () => LiveTables | Promise<LiveTables>;
  failure: JobFailure;
  /** Looks, with the host as it was, for more to say of the failure. */
  explain?: () => Promise<JobFailure>;
  /** For how long it is tried before the job ends without it; it is tried once in any case. */
  limitMs: number;
}

/** A job whose change cannot be taken back for so long ends all the same: the undo is owed from then on. */
export const UNDO_LIMIT_MS = 60_000;

/** What came of trying to undo a change; `error`: why it is not undone. */
interface Undoing {
  error: Error | null;
  performed: boolean;
  tables: UndoneTable[];
}

/**
 * After a failure: the host gets back what it had, and the end tells whether that worked. If not, it is `undo_failed`, and the
 * journal stays open.
 *
 * @throws {LockLost} if others may be at the rules: whoever has the lock again has to do it
 */
export async function takeBack(work: TakeBack, session: HostSession): Promise<JobEnd> {
  const { failure, touched } = work;
  if (touched.length === 0) return failed(failure);
  const { error, performed, tables } = await undoStubbornly(work, session);
  const rollback = { performed, ...(tables.length === 0 ? {} : { tables: tables.map(describeTable) }) };
  if (error !== null) return undoFailed(work, error, { ...rollback, performed: true }, session.ports);
  return failed((await work.explain?.()) ?? failure, {
    rollback: { ...rollback, reason: performed ? failure.code : null, verified: true },
  });
}

/** Why an undo failed, in words. */
export function describeCause(error: unknown): string {
  const { message } = error as Error;
  return error instanceof RestoreFailed ? `${error.fault.command} failed: ${message}` : message;
}

/** Programs that hold the rules' lock, or the machine, for a while are no reason to leave a host half-changed. */
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
    // A restore that failed may have written all the same, and then the next try finds nothing to do.
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

/** The one case in which a host may not be as it was: it is said loudly, and with what is known of it. */
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
