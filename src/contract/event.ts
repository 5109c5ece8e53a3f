import { z } from 'zod';
import { Diff } from './diff.ts';
import { Failure } from './failure.ts';
import { Digest, Family, HostId, ListName, Revision, RulesetName, Scope } from './identifiers.ts';
import { ListDigest, ListState, ReportedList, ReportedRuleset } from './live-state.ts';
import { Timings } from './timings.ts';

export { Diff, TableDiff } from './diff.ts';
export { type ListState, ReportedList, ReportedRuleset } from './live-state.ts';

/** The most bytes of JSON that an event may have, unless it carries a report. */
export const MAX_EVENT_BYTES = 64 * 1024;
/** The most bytes of JSON that an event with a report may have. A report carries the texts of whole rulesets. */
export const MAX_REPORT_BYTES = 4 * 1024 * 1024;

export const JobAction = z.enum([
  'apply',
  'check',
  'remove',
  'rollback',
  'report',
  'list.replace',
  'list.change',
  'list.remove',
]);

/** Facts about the worker that publishes the event; `iptables` is a version such as `1.8.9`. */
export const WorkerFacts = z.object({
  version: z.string(),
  backend: z.enum(['nft', 'legacy']),
  iptables: z.string(),
  kernel: z.string(),
  bootId: z.string(),
});
export type WorkerFacts = z.infer<typeof WorkerFacts>;

export const Outcome = z.enum([
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
]);
export type Outcome = z.infer<typeof Outcome>;

/** The ruleset of a job, and what is committed under its name on the host when the job has ended. */
const RulesetState = z.object({
  name: RulesetName,
  revision: Revision,
  digest: Digest.nullable(),
  liveRevision: Revision.nullable(),
  liveDigest: Digest.nullable(),
});

const Origin = z.object({ hostId: HostId, worker: WorkerFacts });

const JobStarted = Origin.extend({
  jobId: z.string(),
  action: JobAction,
  rolloutId: z.string().nullable(),
  ruleset: z.object({ name: RulesetName, revision: Revision }).nullable(),
  list: z.object({ name: ListName, revision: Revision }).optional(),
});

/**
 * The change is applied and verified. `deadline` is by the host's clock, for people to read. The host itself uses a clock that
 * nobody can set.
 */
const AwaitingConfirmation = JobStarted.extend({
  mode: z.enum(['probe', 'manual']),
  deadline: z.iso.datetime(),
  diff: Diff,
});

/** The process that made a change, if the kernel tells. */
export const Writer = z.object({ pid: z.int(), name: z.string() });
export type Writer = z.infer<typeof Writer>;

/** `diff` goes from what was committed to what is live (or was live, before a repair). */
const Drift = Origin.extend({
  ruleset: z.object({ name: RulesetName, revision: Revision }).optional(),
  /** In place of `ruleset`. Then `diff` has the counts alone, and `entries` the first of those that are more, or less. */
  list: z.object({ name: ListName, revision: z.int().min(0) }).optional(),
  entries: z
    .object({ added: z.array(z.string()), removed: z.array(z.string()), truncated: z.boolean() })
    .optional(),
  diff: Diff,
  by: Writer.nullable(),
  /** The host no longer repairs it, because another program keeps changing it. */
  gaveUp: z.boolean().optional(),
});

/** `performed`: the worker put something back, or tried to. `verified`: the host was read again and is as it was before. */
export const Rollback = z.object({
  performed: z.boolean(),
  reason: z.string().nullable(),
  verified: z.boolean().nullable(),
  /** Every table that was written or tried: whether it had to be put back, and whether it is as it was. */
  tables: z
    .array(z.object({ family: Family, table: z.string(), performed: z.boolean(), verified: z.boolean() }))
    .optional(),
});
export type Rollback = z.infer<typeof Rollback>;

export const JobCompleted = Origin.extend({
  jobId: z.string(),
  action: JobAction.nullable(),
  rolloutId: z.string().nullable(),
  authenticated: z.boolean(),
  outcome: Outcome,
  changed: z.boolean(),
  ruleset: RulesetState.nullable(),
  /** In place of `ruleset`, for jobs of lists. */
  list: ListState.nullable().optional(),
  counts: z.object({ added: z.int(), removed: z.int(), entries: z.int() }).optional(),
  /** Entries that were left out, as the list must never have them. */
  skipped: z.array(z.string()).optional(),
  /** How many those are. Only present if `skipped` is cut. */
  skippedCount: z.int().optional(),
  diff: Diff.nullable(),
  failure: Failure.nullable(),
  rollback: Rollback,
  report: z
    .object({
      rulesets: z.array(ReportedRuleset),
      lists: z.array(ReportedList).optional(),
      escaped: z.boolean().optional(),
    })
    .nullable(),
  attempt: z.int(),
  redelivered: z.boolean(),
  timings: Timings,
});
export type JobCompleted = z.infer<typeof JobCompleted>;

/**
 * A change whose job had ended as `undo_failed` is undone at last. `diff` is what the undo changed, from what was live before it
 * to what is live now.
 */
const JobUndone = Origin.extend({
  jobId: z.string(),
  rolloutId: z.string().nullable(),
  ruleset: RulesetState,
  diff: Diff,
  verified: z.literal(true),
});

/** `inSync` is `null` if the worker has not compared the rules with what was committed since it started. */
const WorkerState = Origin.extend({
  groups: z.array(z.string()),
  rulesets: z.array(
    z.object({
      name: RulesetName,
      revision: Revision,
      digest: Digest,
      scope: Scope,
      inSync: z.boolean().nullable(),
    }),
  ),
  /** Removed rulesets. A new job for such a name needs a revision higher than this one. An addition to contract v1. */
  removed: z.array(z.object({ name: RulesetName, revision: Revision })).optional(),
  /** Absent: the host cannot hold lists, or its worker knows of none. */
  lists: z
    .array(z.object({ name: ListName, revision: z.int().min(0), entries: z.int(), digest: ListDigest }))
    .optional(),
  /** What the host can do besides rulesets, such as `lists`. */
  capabilities: z.array(z.string()).optional(),
  pending: z.string().nullable(),
});
type WorkerState = z.infer<typeof WorkerState>;

const CloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1),
  source: z.string().regex(/^\/fleetwall\/hosts\//),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
});

/** Any event that a worker publishes, a CloudEvent 1.0 in its structured JSON form. */
export const FleetEvent = z.discriminatedUnion('type', [
  CloudEvent.extend({
    type: z.literal('fleetwall.job.started'),
    subject: z.string(),
    data: JobStarted,
  }),
  CloudEvent.extend({
    type: z.literal('fleetwall.job.awaiting_confirmation'),
    subject: z.string(),
    data: AwaitingConfirmation,
  }),
  CloudEvent.extend({
    type: z.enum(['fleetwall.drift.detected', 'fleetwall.drift.repaired']),
    data: Drift,
  }),
  CloudEvent.extend({
    type: z.literal('fleetwall.job.completed'),
    subject: z.string(),
    data: JobCompleted,
  }),
  CloudEvent.extend({
    type: z.literal('fleetwall.job.undone'),
    subject: z.string(),
    data: JobUndone,
  }),
  CloudEvent.extend({
    type: z.enum(['fleetwall.worker.online', 'fleetwall.worker.offline', 'fleetwall.worker.heartbeat']),
    data: WorkerState,
  }),
]);
export type FleetEvent = z.infer<typeof FleetEvent>;
export type JobCompletedEvent = Extract<FleetEvent, { type: 'fleetwall.job.completed' }>;
export type JobUndoneEvent = Extract<FleetEvent, { type: 'fleetwall.job.undone' }>;
export type WorkerEvent = Extract<FleetEvent, { data: WorkerState }>;
