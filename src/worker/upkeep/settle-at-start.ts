import { setTimeout as sleep } from 'node:timers/promises';
import { UNDO_LIMIT_MS } from '../../job/change/take-back.ts';
import { lookAfterBootFiles } from '../../job/drift/look-after-boot-files.ts';
import { isAwaited, settleList, tellSettledLists } from '../../job/lists/settle-lists.ts';
import { WindowLeft } from '../../job/ports/confirmation.ts';
import { withList } from '../../job/ports/list-session.ts';
import type { Ports } from '../../job/ports/ports.ts';
import { HostSession } from '../../job/ports/session.ts';
import { StateUnavailable } from '../../job/ports/stores.ts';
import { type Settled, settlePending } from '../../job/settle/settle-pending.ts';
import { tellSettled } from '../../job/settle/tell-settled.ts';
import { BackOff } from '../../job/time/back-off.ts';
import { monotonicMs } from '../../job/time/monotonic.ts';
import { Stopwatch } from '../../job/time/stopwatch.ts';

/** A list that waits for a person's answer, and when that is over. */
export interface LeftList {
  name: string;
  settled: Promise<void>;
}

/**
 * Does the same for changes of lists. Until it has succeeded, each job of the list tries again, and each look at it.
 *
 * @returns those that wait to be confirmed; nothing else waits for them
 */
export async function settleListsAtStart(ports: Ports, stop: AbortSignal): Promise<LeftList[]> {
  if (ports.sets.missing !== null || stop.aborted) return [];
  const left: LeftList[] = [];
  for (const name of await ports.listJournal.names().catch((error: unknown) => noteUnsettled(error, ports))) {
    const change = await ports.listJournal.read(name).catch(() => null);
    const settled = settleOne(name, ports);
    if (change !== null && isAwaited(change, ports)) left.push({ name, settled });
    else await settled;
  }
  return left;
}

async function settleOne(name: string, ports: Ports): Promise<void> {
  const asking = { purpose: 'start of the worker', watch: new Stopwatch() };
  try {
    tellSettledLists(await withList(name, ports, asking, settleList), ports);
  } catch (error) {
    if (!(error instanceof WindowLeft)) noteUnsettled(error, ports, name);
  }
}

function noteUnsettled(error: unknown, { log }: Pick<Ports, 'log'>, list?: string): [] {
  log.error({ list, error }, 'Cannot settle a change of a list yet');
  return [];
}

/**
 * Settles the change that an earlier worker left in the middle, before any job is taken. It needs no broker. If a person has to
 * confirm the change, it waits for the answer until the window is over. What still fails after a minute is left to the
 * caretaker, so that jobs are answered.
 */
export async function settleAtStart(ports: Ports, stop: AbortSignal): Promise<void> {
  const { log, caretaker } = ports;
  const deadline = monotonicMs() + UNDO_LIMIT_MS;
  const pause = new BackOff();
  while (!stop.aborted) {
    try {
      const settled = await HostSession.begin(ports, 'start of the worker', new Stopwatch(), settleAndMend);
      if (settled !== null) tellSettled(settled, ports);
      return;
    } catch (error) {
      if (error instanceof WindowLeft) return;
      log.warn({ error }, 'Waiting to see whether a change was cut short');
      const leftMs = deadline - monotonicMs();
      // Jobs need not wait for a state that cannot be read: each of them ends with that as its reason.
      if (error instanceof StateUnavailable || leftMs <= 0) return caretaker.wake();
      await sleep(Math.min(leftMs, pause.next()), undefined, { signal: stop }).catch(() => {});
    }
  }
}

async function settleAndMend(session: HostSession): Promise<Settled | null> {
  const settled = await settlePending(session);
  if (settled?.owed == null) {
    await lookAfterBootFiles(session).catch((error: unknown) =>
      session.ports.log.error({ error }, 'Cannot look after the boot files'),
    );
  }
  return settled;
}

/**
 * Makes the answer to a change that was left count from now on, also before {@link settleAtStart} waits for it.
 *
 * @returns whether a ruleset waits for one
 */
export async function expectLeftAnswer({
  journal,
  listJournal,
  confirmation,
}: Pick<Ports, 'journal' | 'listJournal' | 'confirmation'>): Promise<boolean> {
  const change = await journal.peek().catch(() => null);
  const isLeft = change?.window?.mode === 'manual' && change.owed === null;
  if (isLeft) {
    confirmation.answers.expect({ jobId: change.job.id, ruleset: change.ruleset.name });
  }
  for (const name of await listJournal.names().catch(() => [])) {
    const left = await listJournal.read(name).catch(() => null);
    const [first] = left?.jobs ?? [];
    if (left?.window?.mode === 'manual' && first !== undefined)
      confirmation.answers.expect({ jobId: first.job.id, list: name });
  }
  return isLeft;
}
