import { validate, version } from 'uuid';
import type { IncomingMessage, StreamStart } from '../../broker/stream-source.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import { JobId } from '../../contract/words/identifiers.ts';
import { OPERATOR_EXCHANGE } from '../../contract/words/names.ts';
import { LOOK_BACK_MS, type Operator } from '../ask/operator.ts';
import type { HostAnswers, JobAnswers, JobLookOptions, JobWaitOptions } from '../ask/options.ts';
import { readPast } from '../log/read-past.ts';
import { RequestInvalid } from '../messages/errors.ts';
import { type JobProgress, JobReading, type JobState } from './job-state.ts';
import { answersOf } from './requests.ts';

/** The clock of who sent it may be ahead of the broker's. */
const CLOCKS_MS = 10 * 60_000;
/** For what an end needs on its way after a window of confirmation. */
const GRACE_MS = 10_000;

/** @throws {RequestInvalid} for what is no id of a job */
export function assertJobId(jobId: string): void {
  if (JobId.safeParse(jobId).success) return;
  const message = `a job is known by its id, a UUID, and not by ${JSON.stringify(jobId)}`;
  throw new RequestInvalid(message, { issues: [{ path: ['id'], message, nearest: null }] });
}

/** What the log of events knows of a job. */
export async function lookAtJob(
  operator: Operator,
  jobId: string,
  options: JobLookOptions,
): Promise<JobState> {
  const { job } = await readJob(operator, jobId, options);
  const { rolloutId, hosts } = job;
  return { jobId, rolloutId, hosts };
}

/** The answers of hosts to a job that somebody has sent, at once of those that have ended. @throws {RequestInvalid} */
export async function awaitJob(
  operator: Operator,
  jobId: string,
  { hosts, since, timeoutSeconds, onEvent, signal }: JobWaitOptions,
): Promise<JobAnswers> {
  const { job, next } = await readJob(operator, jobId, { since, signal }, onEvent);
  const wanted = hosts ?? [...job.hosts.keys()];
  if (wanted.length === 0) throw nobodyToWaitFor(jobId);
  const answers: HostAnswers = new Map();
  const open: string[] = [];
  for (const host of wanted) {
    const { end = null, result = null } = job.hosts.get(host) ?? {};
    if (end === null) open.push(host);
    else answers.set(host, { end, result });
  }
  if (open.length === 0) return answersOf(jobId, answers);
  // Nothing is sent: whoever sent it has done so, and the broker keeps it.
  const message = { jobId, contentType: 'application/json', body: Buffer.alloc(0) };
  const known = { start: next, begun: begunOf(job.hosts) };
  const later = await operator.ask([{ message, sends: [], hosts: open }], {
    timeoutSeconds,
    onEvent,
    signal,
    known,
  });
  for (const [host, answer] of later) answers.set(host, answer);
  return answersOf(jobId, answers);
}

/** For how long those that have begun may take from now on, in milliseconds; `null`: as long as any other. */
function begunOf(hosts: ReadonlyMap<string, JobProgress>): Map<string, number | null> {
  const begun = new Map<string, number | null>();
  for (const [host, { startedAt, awaitingUntil, end }] of hosts) {
    if (startedAt === null || end !== null) continue;
    const ms = awaitingUntil === null ? null : awaitingUntil.getTime() - Date.now();
    begun.set(host, ms === null ? null : Math.max(0, ms) + GRACE_MS);
  }
  return begun;
}

/** @returns the job, and where in the log to go on */
async function readJob(
  { link, reader }: Operator,
  jobId: string,
  { since = sentAfter(jobId), signal }: JobLookOptions,
  onEvent: (event: FleetEvent) => void = () => {},
): Promise<{ job: JobReading; next: StreamStart }> {
  const job = new JobReading(jobId);
  const place: { next: StreamStart } = { next: 'next' };
  const read = (message: IncomingMessage) => (mayTellOf(jobId, message) ? reader.read(message) : null);
  for await (const event of readPast(link, since, read, signal, (next) => (place.next = next)))
    if (job.take(event)) onEvent(event);
  return { job, next: place.next };
}

/** Most of a log is about other things, and need not be read to know that. */
function mayTellOf(jobId: string, { exchange, key, body }: IncomingMessage): boolean {
  return exchange === OPERATOR_EXCHANGE ? key.startsWith('rollout.') : body.includes(jobId);
}

/** The time that is in the id, if there is one. */
function sentAfter(jobId: string): Date {
  const oldest = Date.now() - LOOK_BACK_MS;
  if (!validate(jobId) || version(jobId) !== 7) return new Date(oldest);
  const sentAt = Number.parseInt(jobId.replace('-', '').slice(0, 12), 16);
  return new Date(Math.max(oldest, sentAt - CLOCKS_MS));
}

function nobodyToWaitFor(jobId: string): RequestInvalid {
  const message = `the log of events does not say who has job ${jobId}: name the hosts to wait for`;
  return new RequestInvalid(message, { issues: [{ path: ['hosts'], message, nearest: null }] });
}
