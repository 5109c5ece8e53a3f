import type { Job } from '../../contract/jobs/job.ts';
import type { JobEnd } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { JobRun } from '../outcome/job-run.ts';
import { isUndoFailed } from '../outcome/undo-pending.ts';
import { WindowLeft } from '../ports/confirmation.ts';
import { LockLost } from '../ports/host-lock.ts';
import { type ListSession, withList } from '../ports/list-session.ts';
import type { Ports } from '../ports/ports.ts';
import { areSets } from './compare-list.ts';
import { mendList } from './live-list.ts';
import { keepMadeList, makeList, unmakeList } from './made-lists.ts';
import { settleList, tellSettledLists } from './settle-lists.ts';

/** The lists that a ruleset needs on the host. */
export interface NeededLists {
  /** Those that its rules match. */
  matched: ReadonlySet<string>;
  /** Those that are made where they are missing. */
  made: readonly string[];
}

/** Who has rules written. */
export interface Writer extends Pick<JobRun, 'watch' | 'beforeWriting' | 'onWritten'> {
  job: Pick<Job, 'id'>;
}

const KEPT = new Set<JobEnd['outcome']>(['applied', 'unchanged']);

/**
 * Does the work of a ruleset that matches lists: no list changes while its rules are written, and what it asks for is there. What was
 * made for it goes again, if its rules do not stay.
 *
 * @throws whatever the work throws
 */
export async function holdLists(
  { matched, made }: NeededLists,
  run: Writer,
  ports: Ports,
  work: () => Promise<JobEnd>,
): Promise<JobEnd> {
  if (matched.size === 0 && made.length === 0) return await work();
  if (ports.sets.missing !== null) throw new JobFailure('host', 'backend_unavailable', ports.sets.missing);
  const madeNow: string[] = [];
  let isOpen = false;
  let isKept = false;
  try {
    const end = await whileWriting(
      [...new Set([...matched, ...made])].toSorted(),
      run,
      ports,
      work,
      async (session) => {
        const { name } = session;
        tellSettledLists(await settleList(session), ports);
        if (made.includes(name) && (await makeList(run.job.id, session))) madeNow.push(name);
        if (matched.has(name) && !madeNow.includes(name)) await assertLive(session);
      },
    );
    isKept = KEPT.has(end.outcome);
    // The rules may still be there.
    isOpen = isUndoFailed(end);
    return end;
  } catch (error) {
    // The rules may stay.
    isOpen = error instanceof LockLost || error instanceof WindowLeft;
    throw error;
  } finally {
    if (!isOpen) await endMade(madeNow, isKept, run, ports);
  }
}

/**
 * Holds the locks of lists while the rules are written. A long rehearsal before that keeps no address from being blocked, and neither
 * does a confirmation behind it.
 */
async function whileWriting(
  names: readonly string[],
  run: Writer,
  ports: Ports,
  work: () => Promise<JobEnd>,
  prepare: (session: ListSession) => Promise<void>,
): Promise<JobEnd> {
  let held = Promise.resolve();
  let letGo = () => {};
  const written = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  run.onWritten = letGo;
  run.beforeWriting = async () =>
    await new Promise<void>((resolve, fail) => {
      held = withEach(names, run, ports, prepare, async () => {
        resolve();
        await written;
      });
      held.catch(fail);
    });
  try {
    return await work();
  } finally {
    letGo();
    // Why it could not be had, the work knows.
    await held.catch(() => {});
  }
}

/** Takes the locks of several lists, one after the other, and makes each ready. */
async function withEach(
  [name, ...others]: readonly string[],
  run: Writer,
  ports: Ports,
  prepare: (session: ListSession) => Promise<void>,
  work: () => Promise<void>,
): Promise<void> {
  if (name === undefined) return await work();
  const asking = { purpose: `job ${run.job.id}`, watch: run.watch };
  await withList(name, ports, asking, async (session) => {
    await prepare(session);
    await withEach(others, run, ports, prepare, work);
  });
}

async function assertLive({ name, ports, sets }: ListSession): Promise<void> {
  const stored = await ports.lists.read(name);
  if (stored === null || stored.record.isRemoved) {
    const message = `list ${name}, which the rules match, was removed a moment ago: send it first, or name it in "lists"`;
    throw new JobFailure('lint', 'list_missing', message);
  }
  if (areSets(stored.record, await sets.headers())) return;
  await mendList(name, stored, sets);
}

/**
 * Takes lists away that were made for a ruleset, or keeps them. The ruleset's end is known already: if this fails, it is tried again when the
 * lists are looked at next.
 */
async function endMade(made: readonly string[], isKept: boolean, run: Writer, ports: Ports): Promise<void> {
  const { id } = run.job;
  const asking = { purpose: `job ${id}`, watch: run.watch };
  for (const name of made) {
    // Somebody is at it, for as long as it takes to confirm a change.
    if (ports.listLocks.of(name).isBusy) continue;
    try {
      await withList(name, ports, asking, async (session) => {
        if (isKept) await keepMadeList(id, session);
        else await unmakeList(id, session);
      });
    } catch (error) {
      const fields = { jobId: id, list: name, error };
      ports.log.warn(fields, 'Cannot end yet what was begun with a list for a ruleset: it is tried again');
    }
  }
}
