import * as z from 'zod';
import { Digest, ListName, Revision } from '../words/identifiers.ts';
import { CloudEventFields } from './cloud-event.ts';
import { Diff } from './diff.ts';
import { Failure } from './failure.ts';
import { JobUndone, RulesetEnded } from './late-events.ts';
import { ListCounts, ListRevisionLive, ListState } from './list-state.ts';
import { Report } from './report.ts';
import { Rollback } from './rollback.ts';
import { JobOfEvent, RolloutOfJob, RulesetRevision, RulesetState } from './ruleset-state.ts';
import { Timings } from './timings.ts';
import { Origin } from './worker-facts.ts';
import { WorkerState } from './worker-state.ts';

export { Diff, TableDiff } from './diff.ts';
export { ListState, ReportedList } from './list-state.ts';
export { ReportedRuleset } from './report.ts';
export { Rollback } from './rollback.ts';
export { WorkerFacts } from './worker-facts.ts';
export { WorkerState } from './worker-state.ts';

/** The most bytes of JSON that an event may have, unless it carries a report. */
export const MAX_EVENT_BYTES = 64 * 1024;
/** The most bytes of JSON that an event with a report may have. A report carries the texts of whole rulesets. */
export const MAX_REPORT_BYTES = 4 * 1024 * 1024;

export const JobAction = z
  .enum(['apply', 'check', 'remove', 'rollback', 'report', 'list.replace', 'list.change', 'list.remove'])
  .describe('The action of the job.');

export const Outcome = z
  .enum([
    'applied',
    'unchanged',
    'checked',
    'removed',
    'reported',
    'rejected',
    'failed',
    'rolled_back',
    'superseded',
    'cancelled',
    'expired',
  ])
  .describe('How the job ended. The contract has what each outcome means.');
export type Outcome = z.infer<typeof Outcome>;

const ListRevision = z.object({ name: ListName, revision: Revision });
const JobStarted = Origin.extend({
  jobId: JobOfEvent,
  action: JobAction,
  rolloutId: RolloutOfJob,
  ruleset: RulesetRevision.nullable().describe(
    'The ruleset that the job is about; null: a report, or a list.',
  ),
  list: ListRevision.optional().describe('The list that the job is about, in place of a ruleset.'),
});

const AwaitingConfirmation = JobStarted.extend({
  mode: z.enum(['probe', 'manual']).describe('What it waits for: probes, or a control message.'),
  deadline: z.iso
    .datetime()
    .describe(
      'Until when, by the clock of the host, for people. The host itself uses a clock that nobody sets.',
    ),
  diff: Diff.describe('What was changed.'),
});

export const Writer = z.object({
  pid: z.int().describe('The process id.'),
  name: z.string().describe('The name of the program.'),
});
export type Writer = z.infer<typeof Writer>;

const Drift = Origin.extend({
  ruleset: RulesetRevision.optional().describe('The ruleset that has drifted.'),
  list: z
    .object({ name: ListName, revision: ListRevisionLive })
    .optional()
    .describe('The list that has drifted, in place of a ruleset. Then diff has the counts alone.'),
  entries: z
    .object({
      added: z.array(z.string()).describe('The first of those that are more.'),
      removed: z.array(z.string()).describe('The first of those that are less.'),
      truncated: z.boolean().describe('Whether there are more than these.'),
    })
    .optional()
    .describe('Entries of the list that are more, or less, than was committed.'),
  diff: Diff.describe('From what was committed to what is live, or was live before the repair.'),
  by: Writer.nullable().describe('The process that made the change, if the kernel tells.'),
  gaveUp: z
    .boolean()
    .optional()
    .describe('Whether the host no longer repairs the ruleset, because another program keeps changing it.'),
});

const TestsRun = z
  .object({
    passed: z.int().describe('How many came out as they have to.'),
    notes: z
      .array(z.string())
      .describe(
        'What they do not show: what of the host could not stand in the rehearsal, or depends on chance.',
      ),
  })
  .describe('The tests of the ruleset, and of the policy, that were run. Without it, none were.');

/** How a job ended on a host. */
export const JobCompleted = Origin.extend({
  jobId: z.string().describe('The id of the job; of a message that is none, its message_id.'),
  action: JobAction.nullable().describe('The action of the job; null: the message could not be read.'),
  rolloutId: RolloutOfJob,
  authenticated: z.boolean().describe('Whether trusted keys have signed the job.'),
  outcome: Outcome,
  changed: z.boolean().describe('Whether rules of the host are other than before.'),
  ruleset: RulesetState.nullable().describe('What was asked for, and what is committed now.'),
  list: ListState.nullable().optional().describe('The same of a list, in place of a ruleset.'),
  counts: ListCounts.optional(),
  skipped: z
    .array(z.string())
    .optional()
    .describe('Entries that were left out, as the list must never have them.'),
  skippedCount: z.int().optional().describe('How many those are; only present where skipped is cut.'),
  diff: Diff.nullable().describe('What was changed, or would be (check).'),
  failure: Failure.nullable().describe('Why it was rejected, failed or was rolled back; else null.'),
  rollback: Rollback.describe('Whether the change was taken back.'),
  report: Report.nullable().describe('What is live, for a report.'),
  tests: TestsRun.optional(),
  messageDigest: Digest.optional().describe(
    'Of a message that was refused before it was taken as a job: the SHA-256 of its body, unzipped. Another body than what was sent says nothing of that. An addition to contract v1.',
  ),
  attempt: z.int().describe('How often the message was delivered or begun, this time included; from 1.'),
  redelivered: z.boolean().describe('Whether the broker has delivered the message before.'),
  timings: Timings,
});
/** As it is read. */
export type JobCompleted = z.infer<typeof JobCompleted>;

const CloudEvent = CloudEventFields.extend({
  source: z
    .string()
    .regex(/^\/fleetwall\/hosts\//)
    .describe('Which host says it: /fleetwall/hosts/ and its id.'),
});
const JobEvent = CloudEvent.extend({ subject: z.string().describe('The id of the job.') });

/** Any event that a worker publishes, a CloudEvent 1.0 in its structured JSON form. */
export const FleetEvent = z.discriminatedUnion('type', [
  JobEvent.extend({
    type: z.literal('fleetwall.job.started').describe('The job is admitted, and holds the lock of the host.'),
    data: JobStarted.describe('Which job it is.'),
  }),
  JobEvent.extend({
    type: z
      .literal('fleetwall.job.awaiting_confirmation')
      .describe('The change is applied and verified, and waits to be confirmed.'),
    data: AwaitingConfirmation.describe('Which job it is, and what it waits for.'),
  }),
  CloudEvent.extend({
    type: z
      .enum(['fleetwall.drift.detected', 'fleetwall.drift.repaired'])
      .describe('What is live is not what was committed; it was put back.'),
    data: Drift.describe('What has drifted.'),
  }),
  JobEvent.extend({
    type: z
      .literal('fleetwall.job.completed')
      .describe('The job has ended. It comes once for each job and host, and last.'),
    data: JobCompleted.describe('How the job ended.'),
  }),
  JobEvent.extend({
    type: z
      .literal('fleetwall.job.undone')
      .describe('A change that had ended as undo_failed is taken back after all.'),
    data: JobUndone.describe('What was taken back.'),
  }),
  CloudEvent.extend({
    type: z
      .literal('fleetwall.ruleset.ended')
      .describe('The time of a ruleset with an end has come, and the host went back to what it had before.'),
    data: RulesetEnded.describe('What has ended, and what is live now.'),
  }),
  CloudEvent.extend({
    type: z
      .enum(['fleetwall.worker.online', 'fleetwall.worker.offline', 'fleetwall.worker.heartbeat'])
      .describe('The worker is there, leaves, or is still there.'),
    data: WorkerState.describe('The state of the host.'),
  }),
]);
/** As it is read. */
export type FleetEvent = z.infer<typeof FleetEvent>;
/** The end of a job on a host. */
export type JobCompletedEvent = Extract<FleetEvent, { type: 'fleetwall.job.completed' }>;
/** What was owed since a job ended as `undo_failed` is done. */
export type JobUndoneEvent = Extract<FleetEvent, { type: 'fleetwall.job.undone' }>;
/** A ruleset has come to its end. */
export type RulesetEndedEvent = Extract<FleetEvent, { type: 'fleetwall.ruleset.ended' }>;
/** What a worker says of itself and its host. */
export type WorkerEvent = Extract<FleetEvent, { data: WorkerState }>;
