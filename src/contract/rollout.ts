import { z } from 'zod';
import { Outcome } from './event.ts';
import { HostId, JobId, Revision, RulesetName } from './identifiers.ts';

/** What operators publish of a rollout, in the log of events: its whole state can be told from there. */

export const RolloutId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of letters, digits, "_" and "-"');

/** How a host ended in a rollout, or in a push: an outcome, or why there is none. */
export const HostEnd = z.enum([...Outcome.options, 'unroutable', 'silent', 'not_started']);
export type HostEnd = z.infer<typeof HostEnd>;

/** A job ready to be published, signed or not; the body in base64. */
const RecordedMessage = z.object({
  jobId: JobId,
  contentType: z.string(),
  body: z.string(),
});
export type RecordedMessage = z.infer<typeof RecordedMessage>;

/** How many hosts may end so before the rollout is stopped. */
const Budgets = z.object({
  failed: z.int().min(0),
  rolledBack: z.int().min(0),
  silent: z.int().min(0),
});
export type Budgets = z.infer<typeof Budgets>;

const RolloutStarted = z.object({
  rolloutId: RolloutId,
  ruleset: z.object({ name: RulesetName, revision: Revision }),
  /** Frozen at the start, in the order in which they are taken. */
  hosts: z.array(HostId),
  /** How many hosts have been begun once a step is, the last being all. */
  steps: z.array(z.int().min(1)),
  soakSeconds: z.number().min(0),
  budgets: Budgets,
  onFailure: z.enum(['stop', 'rollback', 'continue']),
  /** To be started by a host, once it was sent … */
  deliverySeconds: z.number().positive(),
  /** … and to be ended, once it was started. */
  executionSeconds: z.number().positive(),
  /** One, or more where hosts are at different revisions. */
  jobs: z.array(RecordedMessage.extend({ hosts: z.array(HostId) })),
  /** What takes it back: the first, and the second where there is nothing to go back to. */
  takeBack: z.object({ rollback: RecordedMessage, remove: RecordedMessage }).nullable(),
});
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

/** Everything that is said of a rollout besides what hosts say of its jobs. */
export const RolloutEvent = z.discriminatedUnion('type', [
  CloudEvent.extend({ type: z.literal('fleetwall.rollout.started'), data: RolloutStarted }),
  CloudEvent.extend({
    /** Said before the first of its hosts is sent anything. */
    type: z.literal('fleetwall.rollout.step'),
    data: z.object({ rolloutId: RolloutId, step: z.int(), hosts: z.array(HostId) }),
  }),
  CloudEvent.extend({
    /** What the broker said to a job: nobody is there to take it. */
    type: z.literal('fleetwall.rollout.unroutable'),
    data: z.object({ rolloutId: RolloutId, hosts: z.array(HostId) }),
  }),
  CloudEvent.extend({
    type: z.literal('fleetwall.rollout.requested'),
    data: z.object({ rolloutId: RolloutId, request: z.enum(['pause', 'resume', 'abort']) }),
  }),
  CloudEvent.extend({ type: z.literal('fleetwall.rollout.ended'), data: RolloutEnded }),
]);
export type RolloutEvent = z.infer<typeof RolloutEvent>;

/** `rollout.<id>.<what>` */
export function rolloutKey(rolloutId: string, type: RolloutEvent['type']): string {
  return `rollout.${rolloutId}.${type.slice('fleetwall.rollout.'.length)}`;
}

/** Whoever has an exclusive queue of this name runs the rollout. */
export function rolloutQueue(rolloutId: string): string {
  return `fleetwall.rollout.${rolloutId}`;
}
