import { z } from 'zod';
import { Digest, ListName, listOf, Revision, RulesetName, Scope } from './identifiers.ts';
import { Envelope } from './job-envelope.ts';
import { isListJob, ListChangeJob, ListRemoveJob, ListReplaceJob } from './list-job.ts';

export { MAX_CONFIRM_SECONDS, Target } from './job-envelope.ts';

/** The most bytes of JSON in one message, after gzip is undone, but for a whole list. */
export const MAX_JOB_BYTES = 8 * 1024 * 1024;
/** The most lines in the two texts of one ruleset together. */
export const MAX_RULE_LINES = 200_000;

/** A ruleset as it is pushed. `ipv4` and `ipv6` are text in `iptables-save` form. */
export const Ruleset = z.object({
  name: RulesetName,
  revision: Revision,
  ifRevision: z.int().min(0).optional(),
  /** Run the job only if this is the digest of what is committed. An addition to contract v1: earlier workers ignore it. */
  ifDigest: Digest.optional(),
  scope: Scope.default('chains'),
  ipv4: z.string().optional(),
  ipv6: z.string().optional(),
  adopt: listOf(z.string().min(1)).default([]),
  /** Lists that its rules match, and that are made, empty, where a host does not have them. */
  lists: listOf(ListName).optional(),
});
export type Ruleset = z.infer<typeof Ruleset>;

/** A ruleset as people write it in a file. `both` is text for both families. It comes before the text of each family. */
export const WrittenRuleset = Ruleset.extend({
  name: RulesetName.optional(),
  revision: Revision.optional(),
  both: z.string().optional(),
}).strict();

/** The ruleset of a `remove` or `rollback` job. It has no content. */
const RulesetChange = Ruleset.pick({
  name: true,
  revision: true,
  ifRevision: true,
  ifDigest: true,
});

const RulesetQuery = z.object({ name: RulesetName.optional() });

export const ApplyJob = Envelope.extend({
  action: z.enum(['apply', 'check']),
  ruleset: Ruleset,
});
export type ApplyJob = z.infer<typeof ApplyJob>;

export const RemoveJob = Envelope.extend({
  action: z.literal('remove'),
  ruleset: RulesetChange,
});
export type RemoveJob = z.infer<typeof RemoveJob>;

export const RollbackJob = Envelope.extend({
  action: z.literal('rollback'),
  ruleset: RulesetChange,
});
export type RollbackJob = z.infer<typeof RollbackJob>;

export const ReportJob = Envelope.extend({
  action: z.literal('report'),
  ruleset: RulesetQuery.optional(),
  /** A list in place of rulesets. */
  list: z.object({ name: ListName }).optional(),
});
export type ReportJob = z.infer<typeof ReportJob>;

/** A job after reading: defaults are filled in, unknown fields left out. */
export const Job = z.discriminatedUnion('action', [
  ApplyJob,
  RemoveJob,
  RollbackJob,
  ReportJob,
  ListReplaceJob,
  ListChangeJob,
  ListRemoveJob,
]);
export type Job = z.infer<typeof Job>;
/** A job about one ruleset and one revision. */
export function isRulesetJob(job: Job): job is RulesetJob {
  return !isListJob(job) && job.action !== 'report';
}

export type RulesetJob = ApplyJob | RemoveJob | RollbackJob;
