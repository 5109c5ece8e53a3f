import { escapeControl } from '../contract/escape.ts';
import type { FleetEvent, JobCompletedEvent } from '../contract/event.ts';
import type { Job } from '../contract/job.ts';
import { authorise } from './authorise.ts';
import { decodeJob } from './decode.ts';
import { failed, type JobEnd } from './job-end.ts';
import { completedEvent, refusedEvent, startedEvent } from './job-events.ts';
import type { Delivery, Ports, Settlement } from './ports.ts';
import { runJob } from './run-job.ts';
import { Stopwatch } from './stopwatch.ts';

/**
 * A delivery from its bytes to its confirmed last event: decode, authorise, run, tell. Returns what the broker may
 * do with the message; throws only if the event could not be published, and then the message must come again.
 */
export async function handleDelivery(delivery: Delivery, ports: Ports): Promise<Settlement> {
  const watch = new Stopwatch();
  const deliveredAt = new Date();
  const told = new Telling(delivery, ports);
  let job: Job;
  try {
    job = await decodeJob(delivery);
    authorise(job, ports.identity);
  } catch (error) {
    const end = failed(error);
    const id = readableId(delivery);
    if (id !== null) await told.publish(refusedEvent(id, end, delivery, watch, deliveredAt, ports));
    logEnd(ports, id, end);
    return end.failure?.stage === 'decode' ? 'dead-letter' : 'acknowledge';
  }
  const known = await findResult(job, ports);
  if (known.event !== null) {
    const { outcome } = known.event.data;
    ports.log.info({ jobId: job.id, outcome }, 'Job was finished before: its result is published again');
    await told.publish(known.event);
    return 'acknowledge';
  }
  const run = { watch, started: () => told.begin(startedEvent(job, ports)) };
  const end = known.failure ?? (await runJob(job, ports, run));
  const event = completedEvent(job, end, delivery, watch, deliveredAt, ports);
  await rememberResult(job, event, ports);
  await told.publish(event);
  logEnd(ports, job.id, end);
  return 'acknowledge';
}

/** Events of one delivery, with the headers that are carried over from it. */
class Telling {
  readonly #headers: Record<string, unknown>;
  readonly #ports: Ports;

  constructor({ headers }: Delivery, ports: Ports) {
    this.#ports = ports;
    this.#headers = Object.fromEntries(
      ['traceparent', 'tracestate']
        .filter((name) => typeof headers[name] === 'string')
        .map((name) => [name, headers[name]]),
    );
  }

  /** Does not wait, so as not to hold up the job: only the last event must be known to have arrived. */
  begin(event: FleetEvent): void {
    this.publish(event).catch((error: unknown) => {
      this.#ports.log.warn({ jobId: event.data, error }, 'Cannot publish that a job has begun');
    });
  }

  async publish(event: FleetEvent): Promise<void> {
    await this.#ports.events.publish(event, this.#headers);
  }
}

interface Known {
  event: JobCompletedEvent | null;
  /** Without its memory the worker must not run anything: that it cannot look is the job's end. */
  failure: JobEnd | null;
}

async function findResult(job: Job, { results }: Ports): Promise<Known> {
  try {
    return { event: await results.find(job.id), failure: null };
  } catch (error) {
    return { event: null, failure: failed(error) };
  }
}

async function rememberResult(job: Job, event: JobCompletedEvent, { results, log }: Ports): Promise<void> {
  try {
    await results.put(job.id, event);
  } catch (error) {
    log.error(
      { jobId: job.id, error },
      'Cannot keep the result of a job: if it comes again, it is run again',
    );
  }
}

const LONGEST_ID = 128;

function readableId({ messageId }: Delivery): string | null {
  return messageId === undefined || messageId === '' ? null : escapeControl(messageId).slice(0, LONGEST_ID);
}

function logEnd({ log }: Ports, jobId: string | null, { outcome, changed, failure, ruleset }: JobEnd): void {
  const fields = {
    jobId,
    outcome,
    changed,
    ruleset: ruleset?.name,
    revision: ruleset?.revision,
  };
  if (failure === null) log.info(fields, 'Job ended');
  else
    log.warn(
      {
        ...fields,
        code: failure.code,
        stage: failure.stage,
        reason: failure.message,
      },
      'Job ended',
    );
}
