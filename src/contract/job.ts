import { z } from 'zod';
import {
  ApiVersion,
  Digest,
  GroupName,
  HostId,
  JobId,
  listOf,
  Revision,
  RulesetName,
  Scope,
  Timestamp,
} from './identifiers.ts';

/** The most bytes of JSON in one message, after gzip is undone. */
export const MAX_JOB_BYTES = 8 * 1024 * 1024;
export const MAX_CONFIRM_SECONDS = 1200;
/** The most lines in the two texts of one ruleset together. */
export const MAX_RULE_LINES = 200_000;

export const Target = z
  .object({
    hosts: listOf(HostId).optional().describe('The hosts that it is for, by their ids.'),
    groups: listOf(GroupName).optional().describe('The groups of hosts that it is for.'),
    all: z.boolean().optional().describe('Whether it is for every host.'),
  })
  .describe('Who it is for: any of these. A host that is not in it refuses it, however it was routed.');
export type Target = z.infer<typeof Target>;

const Confirm = z.object({
  mode: z
    .enum(['probe', 'manual', 'none'])
    .default('probe')
    .describe(
      'probe: a new connection to the broker, and the probes of the host. manual: a control message. none: the change stays.',
    ),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(MAX_CONFIRM_SECONDS)
    .default(30)
    .describe('Seconds from the change until it is taken back if it is not confirmed: 1 to 1200.'),
});

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
}).strict();

/** The ruleset of a `remove` or `rollback` job. It has no content. */
const RulesetChange = Ruleset.pick({
  name: true,
  revision: true,
  ifRevision: true,
  ifDigest: true,
});

const RulesetQuery = z.object({
  name: RulesetName.optional().describe('The ruleset to report. Without it, all of them.'),
});

const Envelope = z.object({
  apiVersion: ApiVersion,
  id: JobId.describe('The id of the job, a UUID. It is the message_id, too. The same id is run once.'),
  issuedAt: Timestamp.describe('When the job was made: an RFC 3339 time, with Z or an offset.'),
  expiresAt: Timestamp.optional().describe(
    'An RFC 3339 time after which the job is not run. A signed job has to have one, unless the policy of the host takes it without.',
  ),
  target: Target,
  rolloutId: z
    .string()
    .max(256)
    .optional()
    .describe('Any text of up to 256 characters. Each event of the job repeats it.'),
  confirm: Confirm.prefault({}).describe(
    'What has to happen after the change, and in what time. If it does not, the change is taken back.',
  ),
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
});
export type ReportJob = z.infer<typeof ReportJob>;

/** A job after reading: defaults are filled in, unknown fields left out. */
export const Job = z.discriminatedUnion('action', [ApplyJob, RemoveJob, RollbackJob, ReportJob]);
/** As it is read. */
export type Job = z.infer<typeof Job>;
/** A job about one ruleset and one revision. */
export type RulesetJob = Exclude<Job, ReportJob>;
