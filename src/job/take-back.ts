import { setTimeout as sleep } from 'node:timers/promises';
import type { Rollback } from '../contract/event.ts';
import type { TableRef } from '../ruleset/tables.ts';
import { JobFailure } from './failure.ts';
import { failed, type JobEnd } from './job-end.ts';
import { type Fence, LockLost, type Ports } from './ports.ts';
import type { LiveTables } from './snapshot.ts';
import { type UndoneTable, type UndoSubject, undoChanges } from './undo.ts';

/** What has to be undone, and why. */
export interface TakeBack {
  subject: UndoSubject;
  /** For messages, such as `edge revision 7`. */
  label: string;
  touched: readonly TableRef[];
  /** The tables as they were. @throws {Error} if that is not known */
  before: () => LiveTables | Promise<LiveTables>;
  failure: JobFailure;
  /** Looks, with the host as it was, for more to say of the failure. */
  explain?: () => Promise<JobFailure>;
}

/** Programs that hold the rules' lock, or the machine, for a while are no reason to leave a host half-changed. */
const MOST_TRIES = 3;
const RETRY_MS = 2_000;

/**
 * After a failure: the host gets back what it had, and the end tells whether that worked.
 *
 * @throws {LockLost} if others may be at the rules: whoever has the lock again has to do it
 */
export async function takeBack(work: TakeBack, ports: Ports, fence: Fence): Promise<JobEnd> {
  const { failure, touched } = work;
  if (touched.length === 0) return failed(failure);
  let tables: UndoneTable[];
  try {
    tables = await undoStubbornly(work, ports, fence);
  } catch (error) {
    if (error instanceof LockLost) throw error;
    return await undoFailed(work, error as Error, { performed: true }, ports);
  }
  const rollback = {
    performed: tables.some((table) => table.performed),
    tables: tables.map(({ family, table, performed, differs }) => ({
      family,
      table,
      performed,
      verified: differs === null,
    })),
  };
  const broken = tables.filter(({ differs }) => differs !== null);
  if (broken.length > 0) {
    const places = broken.map(({ family, table, differs }) => `${family} ${table}: ${differs}`);
    const why = new Error(`what is live differs from what was before in ${places.join('; ')}`);
    return await undoFailed(work, why, rollback, ports);
  }
  return failed((await work.explain?.()) ?? failure, {
    rollback: { ...rollback, reason: rollback.performed ? failure.code : null, verified: true },
  });
}

async function undoStubbornly(
  { subject, label, touched, before }: TakeBack,
  { firewall, log }: Ports,
  fence: Fence,
): Promise<UndoneTable[]> {
  const snapshot = await before();
  for (let tries = 1; ; tries += 1) {
    try {
      return await undoChanges(subject, touched, snapshot, firewall, fence);
    } catch (error) {
      if (error instanceof LockLost || tries === MOST_TRIES) throw error;
      log.warn({ ruleset: label, error }, 'Undo did not succeed, and is tried again');
      await sleep(RETRY_MS);
    }
  }
}

/** The one case in which a host may not be as it was: it is said loudly, and with what is known of it. */
async function undoFailed(
  { subject, label, failure }: TakeBack,
  error: Error,
  rollback: Pick<Rollback, 'performed' | 'tables'>,
  ports: Ports,
): Promise<JobEnd> {
  ports.log.error({ ruleset: label, error }, 'Undo failed');
  await keepClaims(subject, ports);
  const message = `ruleset ${label} failed (${failure.message}), and the host could not be put back as it was: ${error.message}`;
  const { lines, tool } = failure;
  const options = { lines, cause: error, ...(tool === null ? {} : { tool }) };
  return failed(new JobFailure('apply', 'undo_failed', message, options), {
    changed: true,
    rollback: { ...rollback, reason: failure.code, verified: false },
  });
}

/** What may be left of the change is the ruleset's: its next revision may take it over. */
async function keepClaims({ name, scope, claims }: UndoSubject, { rulesets, log }: Ports): Promise<void> {
  try {
    const record = (await rulesets.list()).find((known) => known.name === name);
    const nothing = { name, scope, committed: null, committedBy: null, live: null, earlier: [] };
    await rulesets.put({ ...(record ?? nothing), claims });
  } catch (error) {
    log.error({ ruleset: name, error }, 'Cannot write the state of a ruleset');
  }
}
