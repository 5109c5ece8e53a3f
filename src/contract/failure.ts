import { z } from 'zod';
import { Family } from './identifiers.ts';

export const Stage = z.enum([
  'decode',
  'authorise',
  'admit',
  'lint',
  'host',
  'rehearse',
  'apply',
  'verify',
  'confirm',
]);
export type Stage = z.infer<typeof Stage>;

/** Every failure code, and whether the same job, under a new id, may succeed later. */
const RETRYABLE = {
  job_malformed: false,
  job_too_large: false,
  job_unsupported_version: false,
  signature_missing: false,
  signature_invalid: false,
  signer_not_trusted: false,
  not_addressed: false,
  revision_stale: false,
  revision_conflict: false,
  revision_gap: false,
  no_previous_revision: false,
  ruleset_invalid: false,
  policy_denied: false,
  list_invalid: false,
  list_missing: false,
  lock_timeout: true,
  xtables_lock_timeout: true,
  state_unavailable: true,
  undo_pending: true,
  broker_unreachable: true,
  privilege_missing: false,
  backend_unavailable: false,
  module_missing: false,
  family_unavailable: false,
  chain_conflict: false,
  foreign_unrepresentable: false,
  list_full: false,
  list_in_use: false,
  rule_rejected: false,
  apply_failed: true,
  apply_timeout: true,
  verify_mismatch: true,
  probe_failed: false,
  confirm_timeout: false,
  aborted: false,
  worker_restarted: true,
  undo_failed: false,
  internal: false,
} as const;

export type FailureCode = keyof typeof RETRYABLE;
export const FailureCode = z.enum(Object.keys(RETRYABLE) as [FailureCode, ...FailureCode[]]);

export function isRetryable(code: FailureCode): boolean {
  return RETRYABLE[code];
}

/**
 * A line of the ruleset that was refused. `line` counts from 1 in the text of that family as it was sent. `reportedLine` is the
 * line that the tool named, counted in the same way, or `null` if it named none. If `confidence` is `unknown`, `line` is where
 * the tool pointed, and may be wrong.
 */
export const FailedLine = z.object({
  family: Family,
  line: z.int(),
  table: z.string().nullable(),
  chain: z.string().nullable(),
  text: z.string(),
  reason: z.string(),
  reportedLine: z.int().nullable(),
  confidence: z.enum(['verified', 'reported', 'unknown']),
  context: z.array(z.object({ line: z.int(), text: z.string() })),
});
export type FailedLine = z.infer<typeof FailedLine>;

export const Failure = z.object({
  code: FailureCode,
  stage: Stage,
  retryable: z.boolean(),
  message: z.string(),
  lines: z.array(FailedLine),
  command: z.string().nullable(),
  exitCode: z.int().nullable(),
  stderr: z.string().nullable(),
  /** `lines` or `stderr` are cut, or the search for failing lines was given up. */
  truncated: z.boolean().optional(),
  /** How many lines fail in all. Only present if `lines` is cut and the number is known. */
  lineCount: z.int().optional(),
});
export type Failure = z.infer<typeof Failure>;
