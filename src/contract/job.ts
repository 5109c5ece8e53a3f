import { z } from 'zod';
import {
  API_VERSION,
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

export const Target = z.object({
  hosts: listOf(HostId).optional(),
  groups: listOf(GroupName).optional(),
  all: z.boolean().optional(),
});
export type Target = z.infer<typeof Target>;

const Confirm = z.object({
  mode: z.enum(['probe', 'manual', 'none']).default('probe'),
  timeoutSeconds: z.int().min(1).max(MAX_CONFIRM_SECONDS).default(30),
});

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
});
/** As it is read. */
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

const Envelope = z.object({
  apiVersion: z.literal(API_VERSION),
  id: JobId,
  issuedAt: Timestamp,
  expiresAt: Timestamp.optional(),
  target: Target,
  rolloutId: z.string().max(256).optional(),
  confirm: Confirm.prefault({}),
});

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
});
export type ReportJob = z.infer<typeof ReportJob>;

/** A job after reading: defaults are filled in, unknown fields left out. */
export const Job = z.discriminatedUnion('action', [ApplyJob, RemoveJob, RollbackJob, ReportJob]);
/** As it is read. */
export type Job = z.infer<typeof Job>;
/** A job about one ruleset and one revision. */
export type RulesetJob = Exclude<Job, ReportJob>;
