import * as z from 'zod';
import { CloudEventFields } from '../events/cloud-event.ts';
import { Outcome } from '../events/event.ts';
import { HostId, JobId, Revision, RulesetName } from '../words/identifiers.ts';
import { GateLook, GateRules } from './gates.ts';

/**
 * The name of a rollout. Operators publish a rollout's events to the log of events, and its whole state can be read from there.
 */

export const RolloutId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of letters, digits, "_" and "-"')
  .describe('The id of the rollout: 1 to 64 of letters, digits, "_" and "-".');

/** How a host ended in a rollout or a push: an outcome, or why there is no outcome. */
export const HostEnd = z
  .enum([...Outcome.options, 'unroutable', 'silent', 'not_started'])
  .describe('The outcome of its job, or why there is none.');
/** As it is read. */
export type HostEnd = z.infer<typeof HostEnd>;

/** A job ready to be published, signed or not. */
const RecordedMessage = z.object({
  jobId: JobId.describe('The id of the job, a UUID.'),
  contentType: z.string().describe('Its content type, such as application/jose.'),
  body: z.string().describe('The body of the message, in base64.'),
});
export type RecordedMessage = z.infer<typeof RecordedMessage>;

const LONGEST_NAME = 255;
const LONGEST_REASON = 1_000;

/** The most hosts that may end in this way. One more stops the rollout, unless `onFailure` is `continue`. */
const Budgets = z.object({
  failed: z.int().min(0).describe('How many hosts may fail, refuse it or get it too late.'),
  rolledBack: z.int().min(0).describe('How many hosts may take it back.'),
  silent: z.int().min(0).describe('How many hosts may give no answer in time.'),
});
export type Budgets = z.infer<typeof Budgets>;

/** What a rollout is, as it was laid out. */
export const RolloutStarted = z.object({
  rolloutId: RolloutId,
  ruleset: z.object({ name: RulesetName, revision: Revision }).describe('What is rolled out.'),
  hosts: z.array(HostId).describe('The hosts in the order of the rollout. The list is fixed at the start.'),
  steps: z
    .array(z.int().min(1))
    .describe(
      'For each step, how many hosts in all are sent a job by its end. The last number is all hosts.',
    ),
  soakSeconds: z.number().min(0).describe('The pause after each step, in seconds.'),
  budgets: Budgets.describe('The most hosts that may end in each way. One more stops the rollout.'),
  onFailure: z.enum(['stop', 'rollback', 'continue']).describe('What is done once a budget is used up.'),
  deliverySeconds: z
    .number()
    .positive()
    .describe('How long a host may take to start a job after it was sent, in seconds.'),
  executionSeconds: z
    .number()
    .positive()
    .describe('How long a host may take to end a job after it was started, in seconds.'),
  jobs: z
    .array(RecordedMessage.extend({ hosts: z.array(HostId).describe('The hosts that are sent this job.') }))
    .describe('One job, or several if hosts are at different revisions.'),
  expiresAt: z.iso
    .datetime()
    .optional()
    .describe('When the jobs expire: RFC 3339, in UTC. The first rollouts did not say so.'),
  gates: GateRules.optional().describe('By what rules gates decide, where there are any.'),
  overrideFreeze: z
    .string()
    .max(LONGEST_REASON)
    .optional()
    .describe('Why it was begun although there was a freeze.'),
  takeBack: z
    .object({
      rollback: RecordedMessage.describe('Goes back to what was committed before.'),
      remove: RecordedMessage.describe('Removes the ruleset, where there is nothing to go back to.'),
    })
    .nullable()
    .describe('The jobs that take the ruleset back, where onFailure is rollback.'),
});
/** As it is read. */
export type RolloutStarted = z.infer<typeof RolloutStarted>;

/** A process that runs a rollout, as it says of itself; for people, who may want to find it. */
export const RolloutOwner = z.object({
  user: z.string().max(LONGEST_NAME).describe('The user that it runs as.'),
  host: z.string().max(LONGEST_NAME).describe('The name of the machine.'),
  pid: z.int().min(1).describe('The process id there.'),
});
/** As it is read. */
export type RolloutOwner = z.infer<typeof RolloutOwner>;

const RolloutEnded = z.object({
  rolloutId: RolloutId,
  status: z.enum(['completed', 'stopped', 'aborted']).describe('How the rollout ended.'),
  reason: z.string().nullable().describe('Why it ended early, for people.'),
  hosts: z.record(HostId, HostEnd).describe('How each host ended, by its id.'),
});

const CloudEvent = CloudEventFields.extend({
  source: z
    .string()
    .regex(/^\/fleetwall\/rollouts\//)
    .describe('Which rollout says it: /fleetwall/rollouts/ and its id.'),
  subject: z.string().describe('The id of the rollout.'),
  run: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Of what the process says that runs it: the id of the event with which it has taken it. Once another has, it is not heeded.',
    ),
});

/** Every event about a rollout, besides those that hosts publish about its jobs. */
export const RolloutEvent = z.discriminatedUnion('type', [
  CloudEvent.extend({
    type: z.literal('fleetwall.rollout.started').describe('The rollout is planned.'),
    data: RolloutStarted.describe('Hosts, steps, limits, and the very messages that will be sent.'),
  }),
  CloudEvent.extend({
    type: z
      .literal('fleetwall.rollout.taken')
      .describe('A process has begun to run it, or to go on with it.'),
    data: z
      .object({ rolloutId: RolloutId, by: RolloutOwner.describe('Which process that is.') })
      .describe('Who runs it.'),
  }),
  CloudEvent.extend({
    type: z
      .literal('fleetwall.rollout.step')
      .describe('A step begins. Published before its first host is sent a job.'),
    data: z
      .object({
        rolloutId: RolloutId,
        step: z.int().describe('The number of the step, from 0.'),
        hosts: z.array(HostId).describe('The hosts of this step.'),
      })
      .describe('Which step it is.'),
  }),
  CloudEvent.extend({
    type: z
      .literal('fleetwall.rollout.looked')
      .describe('Its gates were looked at: before the first step, in a soak, or at its end.'),
    data: z
      .object({
        rolloutId: RolloutId,
        step: z.int().min(-1).describe('The step that had begun last, from 0; -1: none.'),
        looks: z.array(GateLook).describe('What was found of each gate.'),
      })
      .describe('What was found.'),
  }),
  CloudEvent.extend({
    type: z
      .literal('fleetwall.rollout.unroutable')
      .describe('The broker could not deliver the job to hosts.'),
    data: z
      .object({ rolloutId: RolloutId, hosts: z.array(HostId).describe('The hosts that have no queue.') })
      .describe('Which hosts they are.'),
  }),
  CloudEvent.extend({
    type: z
      .literal('fleetwall.rollout.lost')
      .describe('Hosts that had ended well are not there any more: they count as failed.'),
    data: z
      .object({
        rolloutId: RolloutId,
        hosts: z
          .array(HostId)
          .describe('The hosts that take no jobs from their queue and have not been heard of for a while.'),
      })
      .describe('Which hosts they are.'),
  }),
  CloudEvent.extend({
    type: z
      .literal('fleetwall.rollout.stopping')
      .describe('It begins to take back what it did. Published before the first host is told to go back.'),
    data: z
      .object({ rolloutId: RolloutId, reason: z.string().describe('Why, for people.') })
      .describe('Why it does not go on, whatever is heard of hosts from now on.'),
  }),
  CloudEvent.extend({
    type: z.literal('fleetwall.rollout.requested').describe('An operator asks the rollout for something.'),
    data: z
      .object({
        rolloutId: RolloutId,
        request: z.enum(['pause', 'resume', 'abort']).describe('What it is to do.'),
      })
      .describe('What is asked for.'),
  }),
  CloudEvent.extend({
    type: z.literal('fleetwall.rollout.ended').describe('The rollout is over.'),
    data: RolloutEnded.describe('How it ended.'),
  }),
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
