import { setTimeout as sleep } from 'node:timers/promises';
import { BackOff } from '../../job/change/back-off.ts';
import { UNDO_LIMIT_MS } from '../../job/change/take-back.ts';
import { lookAfterBootFiles } from '../../job/drift/look-after-boot-files.ts';
import { WindowLeft } from '../../job/ports/confirmation.ts';
import { monotonicMs } from '../../job/ports/monotonic.ts';
import type { Ports } from '../../job/ports/ports.ts';
import { HostSession } from '../../job/ports/session.ts';
import { Stopwatch } from '../../job/ports/stopwatch.ts';
import { StateUnavailable } from '../../job/ports/stores.ts';
import { type Settled, settlePending } from '../../job/settle/settle.ts';
import { tellSettled } from '../../job/settle/tell-settled.ts';

/**
 * Ends what an earlier worker had to leave in the middle, before any job is taken; it does not need the broker. It may take as
 * long as a person may take to answer. What cannot be settled in a minute, for whatever reason, is left to the caretaker, so that
 * jobs are answered.
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
      // Each job is told of a state that cannot be read, and has not to wait for that.
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

/** An answer that comes before the wait goes on is heard, too. */
export async function expectLeftAnswer({
  journal,
  confirmation,
}: Pick<Ports, 'journal' | 'confirmation'>): Promise<void> {
  const change = await journal.peek().catch(() => null);
  if (change?.window?.mode === 'manual' && change.owed === null) confirmation.answers.expect(change.job.id);
}
