import type { FleetEvent, JobCompletedEvent } from '../../contract/events/event.ts';
import type { Job } from '../../contract/jobs/job.ts';
import { isListJob } from '../../contract/jobs/list-job.ts';
import type { Awaiting, JobBrief, JobOrigin } from '../ports/pending.ts';
import type { Ports } from '../ports/ports.ts';
import type { Stopwatch } from '../time/stopwatch.ts';
import { describeFailure, describeReport, listFields } from './describe-end.ts';
import { factEvent, rolloutOf } from './fact-event.ts';
import { fitDiff, fitTestsRun } from './fit-event.ts';
import type { JobEnd } from './job-end.ts';
import type { NamedRevision } from './naming.ts';

/** Makes the event that a job is under way and holds the host's lock. */
export function startedEvent(job: Job, ports: Speaker): FleetEvent {
  const type = 'fleetwall.job.started';
  const { hostId } = ports.identity;
  return {
    ...factEvent(hostId, [type, job.id]),
    type,
    subject: job.id,
    data: underWay(job, askedBy(job), ports),
  };
}

function askedBy(job: Job): About {
  if (isListJob(job)) return { list: revisionOf(job.list) };
  return job.action === 'report' ? {} : { ruleset: revisionOf(job.ruleset) };
}

function revisionOf({ name, revision }: NamedRevision): NamedRevision {
  return { name, revision };
}

/** Makes the event that a change is applied and verified, and must be confirmed before the deadline. */
export function awaitingEvent({ job, ruleset, list, window, diff }: Awaiting, ports: Speaker): FleetEvent {
  const type = 'fleetwall.job.awaiting_confirmation';
  const { mode, deadline } = window;
  return {
    ...factEvent(ports.identity.hostId, [type, job.id]),
    type,
    subject: job.id,
    data: { ...underWay(job, aboutOf(ruleset, list), ports), mode, deadline, diff },
  };
}

type Speaker = Pick<Ports, 'identity' | 'facts'>;

/** What a job is about: a ruleset, a list, or nothing of these. */
interface About {
  ruleset?: NamedRevision;
  list?: NamedRevision;
}

function aboutOf(ruleset: NamedRevision | undefined, list: NamedRevision | undefined): About {
  if (list !== undefined) return { list: revisionOf(list) };
  return ruleset === undefined ? {} : { ruleset: revisionOf(ruleset) };
}

function underWay(
  job: JobBrief,
  { ruleset = null as NamedRevision | null, list }: { ruleset?: NamedRevision | null; list?: NamedRevision },
  { identity: { hostId }, facts }: Speaker,
) {
  return {
    hostId,
    worker: facts,
    jobId: job.id,
    action: job.action,
    rolloutId: rolloutOf(job),
    ruleset,
    ...(list === undefined ? {} : { list }),
  };
}

/** Makes the one event that ends a job. */
export function completedEvent(
  job: JobBrief,
  end: JobEnd,
  origin: JobOrigin,
  watch: Stopwatch,
  ports: Speaker,
): JobCompletedEvent {
  return completed(job.id, ['fleetwall.job.completed', job.id], end, origin, ports, {
    action: job.action,
    rolloutId: rolloutOf(job),
    timings: watch.read(job.issuedAt, origin.deliveredAt),
  });
}

/**
 * Makes the answer to a message that is no job for this host. It is not the end of that job: its event id is made for the
 * refusal, so that a later end of the same job is another event.
 */
export function refusedEvent(
  refused: Refused,
  end: JobEnd,
  origin: JobOrigin,
  watch: Stopwatch,
  ports: Speaker,
): JobCompletedEvent {
  const { id, action, issuedAt, messageDigest } = refused;
  const fact = ['fleetwall.job.completed', id, 'refused', end.failure?.code ?? ''];
  return completed(id, fact, end, origin, ports, {
    action: action ?? null,
    rolloutId: rolloutOf(refused),
    messageDigest,
    timings: watch.read(issuedAt ?? null, origin.deliveredAt),
  });
}

/** A message that is refused: a job as far as it could be read, and at least what to tell it by. */
type Refused = Pick<JobBrief, 'id'> & Partial<JobBrief> & { messageDigest: string };

type Context = Pick<JobCompletedEvent['data'], 'action' | 'rolloutId' | 'timings'> &
  Partial<Pick<JobCompletedEvent['data'], 'messageDigest'>>;

function completed(
  jobId: string,
  fact: string[],
  end: JobEnd,
  { attempt, redelivered, authenticated }: JobOrigin,
  { identity: { hostId }, facts }: Speaker,
  context: Context,
): JobCompletedEvent {
  return {
    ...factEvent(hostId, fact),
    type: 'fleetwall.job.completed',
    subject: jobId,
    data: {
      hostId,
      worker: facts,
      jobId,
      ...context,
      authenticated,
      outcome: end.outcome,
      changed: end.changed,
      ruleset: end.ruleset,
      ...listFields(end),
      diff: end.diff === null ? null : fitDiff(end.diff),
      failure: end.failure === null ? null : describeFailure(end.failure),
      rollback: end.rollback,
      report: end.report === null ? null : describeReport(end.report),
      ...(end.tests === undefined ? {} : { tests: fitTestsRun(end.tests) }),
      attempt,
      redelivered,
    },
  };
}
