import { z } from 'zod';

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

/** Every code there is, and whether the same job under a new id may well succeed later. */
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
  no_previous_revision: false,
  ruleset_invalid: false,
  policy_denied: false,
  lock_timeout: true,
  xtables_lock_timeout: true,
  state_unavailable: true,
  broker_unreachable: true,
  privilege_missing: false,
  backend_unavailable: false,
  module_missing: false,
  family_unavailable: false,
  chain_conflict: false,
  foreign_unrepresentable: false,
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
