import * as z from 'zod';
import { Digest, ListName, listOf, Revision, RulesetName, Scope, Timestamp } from '../words/identifiers.ts';
import { Envelope } from './job-envelope.ts';
import { isListJob, ListChangeJob, ListRemoveJob, ListReplaceJob } from './list-job.ts';
import { RulesetTests, WrittenTests } from './ruleset-test.ts';

export { MAX_CONFIRM_SECONDS, Target } from './job-envelope.ts';

/** The most bytes of JSON in one message, after gzip is undone, but for a whole list. */
export const MAX_JOB_BYTES = 8 * 1024 * 1024;
/** The most lines in the two texts of one ruleset together. */
export const MAX_RULE_LINES = 200_000;

const TEXT_FORM =
  'as text in the form of iptables-save. Lines end in LF. Without it, the ruleset has no rules of this family.';

/** A ruleset as it is pushed. `ipv4` and `ipv6` are text in `iptables-save` form. */
export const Ruleset = z.object({
  name: RulesetName,
  revision: Revision,
  ifRevision: z
    .int()
    .min(0)
    .optional()
    .describe('Run the job only if this revision is committed (0: none); else it is revision_conflict.'),
  ifDigest: Digest.optional().describe(
    'Run the job only if this is the digest of what is committed. An addition to contract v1: earlier workers ignore it.',
  ),
  scope: Scope.default('chains'),
  ipv4: z.string().optional().describe(`IPv4 rules, ${TEXT_FORM}`),
  ipv6: z.string().optional().describe(`IPv6 rules, ${TEXT_FORM}`),
  adopt: listOf(z.string().min(1))
    .default([])
    .describe('Names of chains that are on the host already, and that the ruleset may take over.'),
  lists: listOf(ListName)
    .optional()
    .describe('Lists of addresses that its rules match. One that a host does not have is made, empty.'),
  until: Timestamp.optional().describe(
    'When it ends: an RFC 3339 time. Then the host goes back to what it had without an end. Without it, it stays.',
  ),
  tests: RulesetTests.optional().describe(
    'What real packets must do under it. They are sent in the rehearsal. No part of the digest.',
  ),
});
/** As it is read. */
export type Ruleset = z.infer<typeof Ruleset>;

/** A ruleset as people write it in a file. `both` is text for both families. It comes before the text of each family. */
export const WrittenRuleset = Ruleset.extend({
  name: RulesetName.optional().describe('The name of the ruleset. Without it, that of the file, or --name.'),
  revision: Revision.optional().describe(
    'A whole number from 1 to 2^53−1. Without it, --revision, or the next one after what the hosts have.',
  ),
  both: z.string().optional().describe('Rules for both families. They come before those of each family.'),
  tests: WrittenTests.optional().describe('What real packets must do under it.'),
}).strict();

/** The ruleset of a `remove` or `rollback` job. It has no content. */
const RulesetChange = Ruleset.pick({
  name: true,
  revision: true,
  ifRevision: true,
  ifDigest: true,
}).extend({
  ifContentRevision: Revision.optional().describe(
    'Run the job only if this revision brought what is live, and did not find it there already; else it is revision_conflict. An addition to contract v1: earlier workers ignore it.',
  ),
});

const RulesetQuery = z.object({
  name: RulesetName.optional().describe('The ruleset to report. Without it, all of them.'),
});

export const ApplyJob = Envelope.extend({
  action: z.enum(['apply', 'check']).describe('apply: make it live. check: all but the change.'),
  ruleset: Ruleset.describe('What is to be live.'),
});
export type ApplyJob = z.infer<typeof ApplyJob>;

export const RemoveJob = Envelope.extend({
  action: z.literal('remove').describe('Take a ruleset away.'),
  ruleset: RulesetChange.describe('The ruleset to take away, under a revision of its own.'),
});
export type RemoveJob = z.infer<typeof RemoveJob>;

export const RollbackJob = Envelope.extend({
  action: z.literal('rollback').describe('Go back to the content that was committed before the live one.'),
  ruleset: RulesetChange.describe('The ruleset to take back, under a revision of its own.'),
});
export type RollbackJob = z.infer<typeof RollbackJob>;

export const ReportJob = Envelope.extend({
  action: z.literal('report').describe('Say what is live.'),
  ruleset: RulesetQuery.optional().describe('Which ruleset to report. Without it, all of them.'),
  list: z
    .object({ name: ListName })
    .optional()
    .describe('A list of addresses to report, in place of rulesets.'),
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
/** As it is read. */
export type Job = z.infer<typeof Job>;
/** A job about one ruleset and one revision. */
export function isRulesetJob(job: Job): job is RulesetJob {
  return !isListJob(job) && job.action !== 'report';
}

export type RulesetJob = ApplyJob | RemoveJob | RollbackJob;
