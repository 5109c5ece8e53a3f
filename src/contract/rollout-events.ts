import { z } from 'zod';
import { Outcome } from './event.ts';
import { HostId, JobId, Revision, RulesetName } from './identifiers.ts';

/**
 * The name of a rollout. Operators publish a rollout's events to the log of events, and its whole state can be read from there.
 */

export const RolloutId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of letters, digits, "_" and "-"');

/** How a host ended in a rollout or a push: an outcome, or why there is no outcome. */
export const HostEnd = z.enum([...Outcome.options, 'unroutable', 'silent', 'not_started']);
/** As it is read. */
export type HostEnd = z.infer<typeof HostEnd>;

/** A job ready to be published, signed or not. The body is in base64. */
const RecordedMessage = z.object({
  jobId: JobId,
  contentType: z.string(),
  body: z.string(),
});
export type RecordedMessage = z.infer<typeof RecordedMessage>;

/** The most hosts that may end in this way. One more stops the rollout, unless `onFailure` is `continue`. */
const Budgets = z.object({
  failed: z.int().min(0),
  rolledBack: z.int().min(0),
  silent: z.int().min(0),
});
export type Budgets = z.infer<typeof Budgets>;

/** What a rollout is, as it was laid out. */
export const RolloutStarted = z.object({
  rolloutId: RolloutId,
  ruleset: z.object({ name: RulesetName, revision: Revision }),
  /** The hosts in the order of the rollout. The list is fixed at the start. */
  hosts: z.array(HostId),
  /** For each step, how many hosts in all are sent a job by the end of the step. The last number is all hosts. */
  steps: z.array(z.int().min(1)),
  soakSeconds: z.number().min(0),
  budgets: Budgets,
  onFailure: z.enum(['stop', 'rollback', 'continue']),
  /** How long a host may take to start a job after it was sent, in seconds. */
  deliverySeconds: z.number().positive(),
  /** How long a host may take to end a job after it was started, in seconds. */
  executionSeconds: z.number().positive(),
  /** One job, or several if hosts are at different revisions. */
  jobs: z.array(RecordedMessage.extend({ hosts: z.array(HostId) })),
  /** When the jobs expire; the first rollouts did not say so. */
  expiresAt: z.iso.datetime().optional(),
  /** The jobs that take the ruleset back: `rollback`, or `remove` where there is nothing to go back to. */
  takeBack: z.object({ rollback: RecordedMessage, remove: RecordedMessage }).nullable(),
});
/** As it is read. */
export type RolloutStarted = z.infer<typeof RolloutStarted>;

const RolloutEnded = z.object({
  rolloutId: RolloutId,
  status: z.enum(['completed', 'stopped', 'aborted']),
  reason: z.string().nullable(),
  hosts: z.record(HostId, HostEnd),
});

const CloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1),
  source: z.string().regex(/^\/fleetwall\/rollouts\//),
  subject: z.string(),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
});

/** Every event about a rollout, besides those that hosts publish about its jobs. */
export const RolloutEvent = z.discriminatedUnion('type', [
  CloudEvent.extend({ type: z.literal('fleetwall.rollout.started'), data: RolloutStarted }),
  CloudEvent.extend({
    /** Published before the step's first host is sent a job. */
    type: z.literal('fleetwall.rollout.step'),
    data: z.object({ rolloutId: RolloutId, step: z.int(), hosts: z.array(HostId) }),
  }),
  CloudEvent.extend({
    /** The broker could not deliver the job: these hosts have no queue. */
    type: z.literal('fleetwall.rollout.unroutable'),
    data: z.object({ rolloutId: RolloutId, hosts: z.array(HostId) }),
  }),
  CloudEvent.extend({
    type: z.literal('fleetwall.rollout.requested'),
    data: z.object({ rolloutId: RolloutId, request: z.enum(['pause', 'resume', 'abort']) }),
  }),
  CloudEvent.extend({ type: z.literal('fleetwall.rollout.ended'), data: RolloutEnded }),
]);
/** As it is read. */
export type RolloutEvent = z.infer<typeof RolloutEvent>;

/** Returns the routing key of a rollout's event: `rollout.<id>.<what>`. */
export function rolloutKey(rolloutId: string, type: RolloutEvent['type']): string {
  return `rollout.${rolloutId}.${type.slice('fleetwall.rollout.'.length)}`;
}

/** Returns the name of a rollout's queue. The process that has it, exclusively, runs the rollout. */
export function rolloutQueue(rolloutId: string): string {
  return `fleetwall.rollout.${rolloutId}`;
}
