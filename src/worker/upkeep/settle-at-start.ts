import { setTimeout as sleep } from 'node:timers/promises';
import { UNDO_LIMIT_MS } from '../../job/change/take-back.ts';
import { lookAfterBootFiles } from '../../job/drift/look-after-boot-files.ts';
import { settleLists, tellSettledLists } from '../../job/lists/settle-lists.ts';
import { WindowLeft } from '../../job/ports/confirmation.ts';
import { withLists } from '../../job/ports/list-session.ts';
import type { Ports } from '../../job/ports/ports.ts';
import { HostSession } from '../../job/ports/session.ts';
import { StateUnavailable } from '../../job/ports/stores.ts';
import { type Settled, settlePending } from '../../job/settle/settle-pending.ts';
import { tellSettled } from '../../job/settle/tell-settled.ts';
import { BackOff } from '../../job/time/back-off.ts';
import { monotonicMs } from '../../job/time/monotonic.ts';
import { Stopwatch } from '../../job/time/stopwatch.ts';

/**
 * Does the same for a change of a list. Until it has succeeded, each job of a list tries again, and each look at the lists.
 */
export async function settleListsAtStart(ports: Ports, stop: AbortSignal): Promise<void> {
  if (ports.sets.missing !== null || stop.aborted) return;
  try {
    tellSettledLists(await withLists(ports, 'start of the worker', new Stopwatch(), settleLists), ports);
  } catch (error) {
    if (!(error instanceof WindowLeft)) ports.log.error({ error }, 'Cannot settle a change of a list yet');
  }
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
  const left = await listJournal.read().catch(() => null);
  const [first] = left?.jobs ?? [];
  if (left?.window?.mode === 'manual' && first !== undefined) {
    confirmation.answers.expect({ jobId: first.job.id, list: left.after.name });
  }
  return isLeft;
}
