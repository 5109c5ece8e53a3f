import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { v5 as uuid } from 'uuid';
import type { JobCompletedEvent } from '../contract/events/event.ts';
import type { Job } from '../contract/jobs/job.ts';
import { escapeControl } from '../contract/words/escape.ts';
import { bytesDigest } from '../ruleset/digest.ts';
import { isExpired } from './intake/admit.ts';
import { countAttempt, forgetAttempts } from './intake/attempts.ts';
import { authorise } from './intake/authorise.ts';
import { cancelledEnd } from './intake/cancelled.ts';
import { decodeJob, unzipped } from './intake/decode.ts';
import { type KeptJob, keptOf } from './intake/kept-job.ts';
import { findResult, mayHaveEnded } from './intake/known-result.ts';
import { traceHeaders } from './intake/trace-headers.ts';
import type { Done } from './intake/waiting-job.ts';
import type { WaitingJobs } from './intake/waiting-jobs.ts';
import { ended, failed, type JobEnd } from './outcome/job-end.ts';
import { refusedEvent } from './outcome/job-events.ts';
import { JobFailure } from './outcome/job-failure.ts';
import { JobRun, noteEnd } from './outcome/job-run.ts';
import { type Delivery, type Disposition, NotTold } from './ports/delivery.ts';
import type { JobBrief, JobOrigin } from './ports/pending.ts';
import type { Ports } from './ports/ports.ts';
import { runJob } from './run-job.ts';
import { Stopwatch } from './time/stopwatch.ts';

/** A delivery, with what the worker noted when it came. */
interface Received {
  delivery: Delivery;
  origin: JobOrigin;
  watch: Stopwatch;
  /** What the message asks for, as far as it could be read. */
  asked: Partial<JobBrief>;
}

/**
 * Takes a delivery from its bytes to the confirmed event of the job's end: decode, authorise, wait, run, tell. Returns what the
 * broker must do with the message.
 *
 * @throws {Error} if the event of a refusal could not be published, or the job was not begun or stays open: the message must come again
 */
export async function handleDelivery(
  delivery: Delivery,
  waiting: Pick<WaitingJobs, 'take'>,
  ports: Ports,
): Promise<Disposition> {
  const received = { delivery, origin: originOf(delivery), watch: new Stopwatch(), asked: {} };
  let kept: KeptJob;
  try {
    kept = keptOf(await readJob(received, ports));
  } catch (error) {
    return await refuse(received, failed(error), ports);
  }
  const { job, entries } = kept;
  return await waiting.take({
    job,
    entries,
    run: async (batch) =>
      await attemptJob(kept, received, ports, async (run) => await runJob(run, ports, batch)),
    supersede: async () =>
      await forgetAttempts(delivery, ports, async () => await endJob(job, received, ports, supersede)),
    cancel: async () => {
      const end = await cancelledEnd(job, received.origin, ports);
      if (end === null) return null;
      return await forgetAttempts(
        delivery,
        ports,
        async () => await endJob(job, received, ports, async (run) => await run.conclude(end)),
      );
    },
    isGone: () => delivery.gone.aborted,
  });
}

/**
 * A message may be large: nothing here may hold it while it waits for its turn, not even a variable of a function that goes on.
 *
 * @throws {JobFailure} if it is no job, or may not command this host
 */
async function readJob(received: Received, ports: Ports): Promise<Job> {
  received.origin.authenticated = false;
  const { message, signers } = await decodeJob(received.delivery, ports.ring);
  const { action, rolloutId } = message;
  received.asked = { action, rolloutId };
  authorise(message, signers, ports);
  received.origin.authenticated = signers.length > 0;
  return message;
}

/** What has waited is read again: whoever is not trusted any more is refused then. */
async function attemptJob(
  kept: KeptJob,
  received: Received,
  ports: Ports,
  work: (run: JobRun) => Promise<void>,
): Promise<Done> {
  const { delivery, origin } = received;
  try {
    const whole = kept.takeWhole() ?? (await readJob(received, ports));
    return await countAttempt(
      delivery,
      ports,
      async () => await mayHaveEnded(whole, ports),
      async (count) =>
        await endJob(whole, { ...received, origin: { ...origin, attempt: count } }, ports, work),
    );
  } catch (error) {
    // Whatever makes a job fail becomes its end in `runJob`. Only what comes before that throws a JobFailure here.
    if (!(error instanceof JobFailure)) throw error;
    return {
      outcome: 'rejected',
      disposition: awaitedLater(refuse(received, failed(error), ports, kept.job)),
    };
  }
}

async function supersede(run: JobRun, ports: Ports): Promise<void> {
  await run.conclude(ended(isExpired(run.job, ports.clock.now()) ? 'expired' : 'superseded'));
}

/** Runs a job to its end and publishes that. A job that has ended before is not run again; its event is published again. */
async function endJob(
  job: Job,
  { delivery, origin, watch }: Received,
  ports: Ports,
  work: (run: JobRun, ports: Ports) => Promise<void>,
): Promise<Done> {
  const run = new JobRun(job, origin, watch, ports);
  const known = await findResult(job, ports);
  if (known.event !== null) {
    const { outcome } = known.event.data;
    // The event was published before and only the acknowledgement was lost.
    if (delivery.redelivered && ports.confirmedEnds.has(job.id))
      return { outcome, disposition: Promise.resolve('acknowledge') };
    ports.log.info({ jobId: job.id, outcome }, 'Job was finished before: its result is published again');
    // Another process may have ended the job; nobody reads the metrics of that process.
    ports.meter.ended(known.event);
    run.endWith(known.event);
  } else if (known.failure !== null) {
    // It ended, and was told how: another end would be wrong.
    if (ports.confirmedEnds.has(job.id)) throw new NotTold('the result of the job cannot be read now');
    await run.conclude(known.failure);
  } else {
    const cancelled = await cancelledEnd(job, origin, ports);
    if (cancelled === null) await work(run, ports);
    else await run.conclude(cancelled);
  }
  const { event } = run;
  if (event === null) throw new Error(`job ${job.id} has no end`);
  return { outcome: event.data.outcome, disposition: awaitedLater(tell(event, delivery, origin, ports)) };
}

/** That it may fail before somebody waits for it is no error of this process. */
function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Publishes the event of the end, and waits for as long as it takes the broker to confirm it, or to take the message back. */
async function tell(
  event: JobCompletedEvent,
  { gone }: Delivery,
  { headers }: JobOrigin,
  { events, log }: Pick<Ports, 'events' | 'log'>,
): Promise<Disposition> {
  try {
    await events.publish(event, headers);
  } catch (error) {
    log.warn({ jobId: event.subject, error }, 'The end of a job is published later');
    await Promise.race([events.confirmed(event.id), takenBack(gone)]);
  }
  return 'acknowledge';
}

async function takenBack(gone: AbortSignal): Promise<never> {
  if (!gone.aborted) await once(gone, 'abort');
  throw new NotTold('the broker has taken the message back');
}

/** @param job what the message was taken for; without it, the message is told by an id of its own */
async function refuse(
  { delivery, origin, watch, asked }: Received,
  end: JobEnd,
  ports: Ports,
  job: JobBrief | null = null,
): Promise<Disposition> {
  const told = { ...(job ?? { id: idOf(delivery), ...asked }), messageDigest: await digestOf(delivery) };
  const event = refusedEvent(told, end, origin, watch, ports);
  await ports.events.publish(event, origin.headers);
  noteEnd(event, ports);
  return end.failure?.stage === 'decode' ? 'dead-letter' : 'acknowledge';
}

function originOf({ attempt, redelivered, headers }: Delivery): JobOrigin {
  return {
    attempt,
    redelivered,
    authenticated: false,
    deliveredAt: new Date().toISOString(),
    headers: traceHeaders(headers),
  };
}

/** What cannot be unzipped is told as it came. */
async function digestOf(delivery: Delivery): Promise<string> {
  return bytesDigest(await unzipped(delivery).catch(() => delivery.body));
}

const LONGEST_ID = 128;

/** What a message is told by that is no job. Without an id of its own, its sender can still make it of the bytes that were sent. */
function idOf({ messageId, body }: Delivery): string {
  if (messageId !== undefined && messageId !== '') return escapeControl(messageId).slice(0, LONGEST_ID);
  const digest = createHash('sha256').update(body).digest('hex');
  return uuid(`sha256:${digest}`, uuid.URL);
}
