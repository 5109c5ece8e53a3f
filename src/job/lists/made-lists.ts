import { DEFAULT_LIST_ENTRIES } from '../../contract/jobs/list-job.ts';
import { summarise } from '../../list/summary.ts';
import type { ListSession } from '../ports/list-session.ts';
import { type ListRecord, SetsFailed } from '../ports/lists.ts';
import { assertSetsFree } from './foreign-sets.ts';
import { mendList } from './live-list.ts';

/**
 * Makes a list for a ruleset that names it, if there is none: it is empty, and of no kind. Its journal is left open until the end of that
 * ruleset is known, so that it goes again should nobody live to take it away.
 *
 * @returns whether it was made
 * @throws {JobFailure} `chain_conflict`, if there are sets of its name that are no list's; nothing is begun then
 */
export async function makeList(jobId: string, { name, ports, sets }: ListSession): Promise<boolean> {
  const before = await ports.lists.read(name);
  if (before !== null && !before.record.isRemoved) return false;
  assertSetsFree(name, before, await sets.headers());
  const { revision = 0, asked = null } = before?.record ?? {};
  const record = { ...emptyRecord(name), revision, asked, committedBy: jobId, isRemoved: false };
  const content = new Map<string, number | null>();
  await ports.listJournal.write({
    jobs: [],
    place: ports.place,
    after: record,
    window: null,
    cut: [],
    madeFor: jobId,
  });
  await mendList(name, { record, content }, sets);
  await ports.lists.prepare({ record, content });
  await ports.lists.place(record);
  await ports.boot.writeLoader();
  return true;
}

/** The ruleset stays, and so does what was made for it. */
export async function keepMadeList(jobId: string, { name, ports }: ListSession): Promise<void> {
  const change = await ports.listJournal.read(name);
  if (change?.madeFor === jobId) await ports.listJournal.close(name);
}

/**
 * Takes a list away that was made for a ruleset, unless it had a job of its own since: it has then what somebody was told that it has.
 */
export async function unmakeList(jobId: string, session: ListSession): Promise<void> {
  const { name, ports, sets } = session;
  const stored = await ports.lists.read(name);
  const isLive = stored !== null && !stored.record.isRemoved;
  if (!isLive) await mendList(name, stored, sets);
  else if (stored.record.committedBy === jobId) await takeAway(stored.record, session);
  await keepMadeList(jobId, session);
}

async function takeAway({ name, revision, asked }: ListRecord, { ports, sets }: ListSession): Promise<void> {
  await mendList(name, null, sets);
  if (revision === 0) return await ports.lists.forget(name);
  // It was removed before, and its revision has to stay known.
  const record = { ...emptyRecord(name), revision, asked, committedBy: null, isRemoved: true };
  await ports.lists.prepare({ record, content: new Map() });
  await ports.lists.place(record);
}

function emptyRecord(name: string): Omit<ListRecord, 'revision' | 'asked' | 'committedBy' | 'isRemoved'> {
  return { name, kind: null, maxEntries: DEFAULT_LIST_ENTRIES, ...summarise(new Map(), Date.now()) };
}

/** Ends what was begun with a list for a ruleset, once it is known how that has ended. Until then it is left as it is. */
export async function settleMadeList(jobId: string, session: ListSession): Promise<void> {
  const { journal, rulesets, log } = session.ports;
  // A journal that is damaged says nothing: whoever has the lock of rules puts it aside.
  const change = await journal.peek();
  if (change?.job.id === jobId) return;
  if ((await rulesets.list()).some(({ committedBy }) => committedBy === jobId))
    return await keepMadeList(jobId, session);
  log.warn(
    { jobId, list: session.name },
    'A list was made for a ruleset that does not stay: it is taken away',
  );
  try {
    await unmakeList(jobId, session);
  } catch (error) {
    // What others match cannot go yet, and keeps nobody: it is empty.
    if (!(error instanceof SetsFailed)) throw error;
    log.warn({ jobId, list: session.name, error }, 'A list cannot be taken away yet: it is tried again');
  }
}
