import type { ListJob } from '../../contract/jobs/list-job.ts';
import { totalOf } from '../../list/summary.ts';
import { asJobFailure, ended, failed } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { JobRun } from '../outcome/job-run.ts';
import { WindowLeft } from '../ports/confirmation.ts';
import { LockLost } from '../ports/host-lock.ts';
import { type ListSession, withList } from '../ports/list-session.ts';
import type { ListEnd, NeverNetworks } from '../ports/lists.ts';
import type { Ports } from '../ports/ports.ts';
import { admitList } from './admit-list.ts';
import { type ChangeOfList, changeList } from './change-list.ts';
import { cutFlows, entriesToCut } from './cut-flows.ts';
import { keepOutNever, readOnce } from './keep-out-never.ts';
import { assertUnused } from './list-users.ts';
import { mendList } from './live-list.ts';
import { owedByRuleset, settleOwedLists } from './owed-lists.ts';
import { type Draft, draftOf, hasEntry, kindOf, planWish } from './plan-list.ts';
import { type ListWish, readListJob } from './read-list-job.ts';
import { settleList, tellSettledLists } from './settle-lists.ts';

/** A job of a list on its way: what it asks for, and the events that it makes. */
interface Asking {
  run: JobRun;
  wish: ListWish;
}

/**
 * Runs jobs of one list to their ends: one alone, or several that each change some entries, in the order of their revisions. Those
 * are written to the kernel together.
 *
 * @throws {WindowLeft} if the worker must stop while a change waits to be confirmed; any other error becomes the end of the jobs
 */
export async function runListJobs(runs: readonly JobRun[], ports: Ports): Promise<void> {
  const asking = await readAll(runs, ports);
  const [first] = asking;
  if (first === undefined) return;
  const { watch, job } = first.run;
  const asks = { purpose: `job ${job.id}`, watch, aside: ports.listTurn.aside };
  const stopWaiting = watch.start('lockMs');
  const { name } = first.wish;
  const never = readOnce(
    ports.never,
    asking.some(({ wish: { entries, kind } }) => entries.size > 0 && kind !== 'allow'),
  );
  try {
    await settleOwedLists(asks.purpose, ports, name);
    await withList(name, ports, asks, async (session) => {
      stopWaiting();
      const settled = await settleList(session);
      tellSettledLists(settled, ports);
      const owed = await owedByRuleset(ports);
      if (owed !== null) throw owed;
      await runUnderLock(await withoutEnded(asking, ports), never, session);
    });
  } catch (error) {
    if (error instanceof WindowLeft) throw error;
    const left = asking.filter(({ run }) => run.event === null);
    for (const { run } of await withoutEnded(left, ports)) await run.conclude(failed(error));
  }
}

/** What an earlier worker had begun of them may have been settled while they waited: that was their end. */
async function withoutEnded(
  asking: readonly Asking[],
  { results }: Pick<Ports, 'results'>,
): Promise<Asking[]> {
  const left: Asking[] = [];
  for (const one of asking) {
    const event = await results.find(one.run.job.id);
    if (event === null) left.push(one);
    else one.run.endWith(event);
  }
  return left;
}

/** What cannot be taken ends before the lock is waited for. */
async function readAll(runs: readonly JobRun[], ports: Ports): Promise<Asking[]> {
  const asking: Asking[] = [];
  for (const run of runs) {
    try {
      if (ports.sets.missing !== null)
        throw new JobFailure('host', 'backend_unavailable', ports.sets.missing);
      const wish = await readListJob(run.job as ListJob);
      if (wish.cut && ports.flows.missing !== null)
        throw new JobFailure('host', 'backend_unavailable', ports.flows.missing);
      asking.push({ run, wish });
    } catch (error) {
      await run.conclude(failed(error));
    }
  }
  return asking.toSorted((one, other) => one.wish.revision - other.wish.revision);
}

async function runUnderLock(
  asking: readonly Asking[],
  never: NeverNetworks,
  session: ListSession,
): Promise<void> {
  const { name, ports, sets } = session;
  const before = await ports.lists.read(name);
  const nowMs = Date.now();
  let draft = draftOf(before, nowMs);
  const planned: ChangeOfList['jobs'] = [];
  let cut: string[] = [];
  const refused: Asking[] = [];
  for (const { run, wish } of asking) {
    try {
      const list = await planOne({ run, wish }, draft, never, session, nowMs);
      if (list === null) {
        // Also of what is in already: whoever sends it again may have sent it without "cut".
        const again = entriesToCut(wish, nowMs).filter((text) => hasEntry(draft, text));
        if (planned.length > 0) {
          planned.push({ run, end: endOfSame(draft) });
          cut = [...cut, ...again];
          continue;
        }
        if (before !== null) await mendList(name, before, sets);
        await cutFlows(name, again, ports);
        await concludeSame(run, draft);
        continue;
      }
      planned.push({ run, end: list.end });
      cut = [...cut, ...list.cut];
      draft = list.draft;
    } catch (error) {
      if (error instanceof LockLost) throw error;
      // By what is about to be committed, which may yet come to nothing.
      if (planned.length > 0) refused.push({ run, wish });
      else await run.conclude(failed(asJobFailure(error)));
    }
  }
  if (planned.length === 0) return;
  await changeList({ name, draft, jobs: planned, cut }, session);
  if (refused.length > 0) await runUnderLock(refused, never, session);
}

/** @returns `null`: the very same is committed already, or is about to be */
async function planOne(
  { run, wish: sent }: Asking,
  draft: Draft,
  never: NeverNetworks,
  { ports, sets, watch }: ListSession,
  nowMs: number,
): Promise<{ draft: Draft; end: ListEnd; cut: string[] } | null> {
  if (admitList(sent, draft.record)) return null;
  if (sent.action === 'list.remove' && !draft.isRemoved) await assertUnused(sent.name, sets, ports);
  const isDeny = kindOf(sent, draft) === 'deny';
  const kept = isDeny ? await keepOutNever(sent, never, nowMs) : { wish: sent, skipped: [] };
  run.tellStarted();
  const planned = await watch.time('planMs', async () =>
    planWish(kept.wish, kept.skipped, draft, run.job.id, nowMs),
  );
  return { ...planned, cut: entriesToCut(kept.wish, nowMs) };
}

/** Of a job that asks for what another of the same batch asks for: it ends as that one does. */
function endOfSame({ summary }: Draft): ListEnd {
  const counts = { added: 0, removed: 0, entries: totalOf(summary) };
  return { outcome: 'unchanged', changed: false, counts, skipped: [], digest: summary.digest };
}

async function concludeSame(run: JobRun, draft: Draft): Promise<void> {
  const { outcome, counts, digest } = endOfSame(draft);
  run.listDigest = digest;
  await run.conclude(ended(outcome, { counts }));
}
