import { setTimeout as sleep } from 'node:timers/promises';
import { awaitingEvent } from '../outcome/job-events.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf } from '../outcome/naming.ts';
import type { Awaiting } from '../ports/pending.ts';
import type { Ports } from '../ports/ports.ts';
import { monotonicMs } from '../time/monotonic.ts';

const RETRY_MS = 500;

/** The ports that a confirmation needs. */
type Asking = Pick<Ports, 'confirmation' | 'events' | 'identity' | 'facts' | 'log'>;

/** Notes that nobody is asked any more: from then on, the change is taken back. */
type EndWindow = (deadlineMs: number) => Promise<void>;

/** @throws {JobFailure} `broker_unreachable`: a change that could not be confirmed is not begun */
export async function assertConfirmable(
  label: string,
  { confirmation }: Pick<Asking, 'confirmation'>,
): Promise<void> {
  try {
    await confirmation.assertReachable();
  } catch (error) {
    const { message } = error as Error;
    throw new JobFailure(
      'host',
      'broker_unreachable',
      `${label} was not applied: no new connection to the broker can be made, not even before the change, so that it could not be confirmed (${message})`,
      { cause: error },
    );
  }
}

/**
 * Waits until probes, or a person, confirm that the change does no harm.
 *
 * @throws {JobFailure} of stage `confirm`, if the change must be taken back
 * @throws {WindowLeft} if the change stays open
 */
export async function confirmChange(change: Awaiting, endWindow: EndWindow, ports: Asking): Promise<void> {
  if (change.window.mode === 'manual') await waitForAnswer(change, endWindow, ports);
  else await probeUntilWell(change, ports);
}

/** Tries each probe until it has succeeded once, or the window closes. Right after a change a probe may fail for a moment. */
async function probeUntilWell(change: Awaiting, { confirmation, log, ...ports }: Asking): Promise<void> {
  const { job, window, origin } = change;
  log.info({ jobId: job.id, deadline: window.deadline }, 'Applied: probing');
  let left = confirmation.probes(awaitingEvent(change, ports), origin.headers);
  for (;;) {
    const limitMs = Math.max(1, window.deadlineMs - monotonicMs());
    const tried = await Promise.all(left.map(async (probe) => ({ probe, reason: await probe(limitMs) })));
    const failed = tried.filter(({ reason }) => reason !== null);
    if (failed.length === 0) return;
    const reasons = failed.map(({ reason }) => reason);
    if (monotonicMs() + RETRY_MS >= window.deadlineMs) throw probeFailure(change, reasons.join('; '));
    log.debug({ jobId: job.id, reasons }, 'Probes failed, and are tried again');
    left = failed.map(({ probe }) => probe);
    await sleep(RETRY_MS);
  }
}

function probeFailure(change: Awaiting, reasons: string): JobFailure {
  const message = `${subjectOf(change)} was applied and taken back: after it, ${reasons}`;
  return new JobFailure('confirm', 'probe_failed', message);
}

async function waitForAnswer(change: Awaiting, endWindow: EndWindow, ports: Asking): Promise<void> {
  const { job, window, origin } = change;
  const { answers } = ports.confirmation;
  const { ruleset, list } = change;
  const about = list === undefined ? { ruleset: ruleset?.name ?? '' } : { list: list.name };
  const waiting = { jobId: job.id, ...about };
  answers.expect(waiting);
  ports.events.publish(awaitingEvent(change, ports), origin.headers).catch((error: unknown) => {
    // The outbox publishes the event later. If nobody answers in time, the change is taken back.
    ports.log.warn({ jobId: job.id, error }, 'Cannot publish that a job waits to be confirmed');
  });
  ports.log.info({ jobId: job.id, deadline: window.deadline }, 'Waiting to be confirmed');
  const answer = await answers.wait(waiting, window.deadlineMs);
  if (answer === 'confirm') return;
  await closeWindow(change, endWindow, ports);
  throw notConfirmed(change, answer);
}

/**
 * Closes the window before the undo begins. Otherwise another process could go on waiting for the answer, and keep
 * a change that is half undone.
 */
async function closeWindow({ job, window }: Awaiting, endWindow: EndWindow, { log }: Asking): Promise<void> {
  await endWindow(Math.min(window.deadlineMs, monotonicMs())).catch((error: unknown) => {
    log.error({ jobId: job.id, error }, 'Cannot write that a change waits no more');
  });
}

/** What was changed, in sentences: `ruleset edge revision 7`. */
function subjectOf({ ruleset, list }: Awaiting): string {
  if (list !== undefined) return `list ${labelOf(list)}`;
  return ruleset === undefined ? 'the change' : `ruleset ${labelOf(ruleset)}`;
}

function notConfirmed(change: Awaiting, answer: 'abort' | 'none'): JobFailure {
  const { window } = change;
  const label = `${subjectOf(change)} was applied and taken back`;
  return answer === 'abort'
    ? new JobFailure('confirm', 'aborted', `${label}: it was asked for`)
    : new JobFailure('confirm', 'confirm_timeout', `${label}: nobody confirmed it before ${window.deadline}`);
}
