import * as z from 'zod';
import { Family } from '../words/identifiers.ts';

/** Which kind of step refused. */
export const Stage = z
  .enum(['decode', 'authorise', 'admit', 'lint', 'host', 'rehearse', 'apply', 'verify', 'confirm'])
  .describe('Where the job was. Up to lint the host was not touched.');
/** As it is read. */
export type Stage = z.infer<typeof Stage>;

/** Every failure code, and whether the same job, under a new id, may succeed later. */
export const RETRYABLE = {
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
  test_failed: false,
  test_inconclusive: false,
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

/** Why a job failed. */
export type FailureCode = keyof typeof RETRYABLE;
/** Every code of a failure: a closed list. */
export const FailureCode = z
  .enum(Object.keys(RETRYABLE) as [FailureCode, ...FailureCode[]])
  .describe('What went wrong. The contract has what each code means, and what to do.');

/**
 * Whether the same job, under a new id, may succeed later.
 *
 * @example
 * ```ts
 * console.log(isRetryable('lock_timeout'), isRetryable('rule_rejected')); // true false
 * ```
 */
export function isRetryable(code: FailureCode): boolean {
  return RETRYABLE[code];
}

const ContextLine = z.object({
  line: z.int().describe('The number of the line, from 1.'),
  text: z.string().describe('The line, with control characters escaped.'),
});

/** A line of the ruleset that was refused. */
export const FailedLine = z.object({
  family: Family,
  line: z.int().describe('The number of the line, from 1, in the text of that family as it was sent.'),
  table: z.string().nullable().describe('The table that the line is in, if that is known.'),
  chain: z.string().nullable().describe('The chain that the line is about, if it is about one.'),
  text: z.string().describe('The line, with control characters escaped.'),
  reason: z.string().describe('Why it was refused.'),
  reportedLine: z
    .int()
    .nullable()
    .describe('The line that the tool named, counted in the same way; null: none.'),
  confidence: z
    .enum(['verified', 'reported', 'unknown'])
    .describe('verified: shown to fail. reported: the word of the tool. unknown: line may be wrong.'),
  context: z.array(ContextLine).describe('The lines around it.'),
});
export type FailedLine = z.infer<typeof FailedLine>;

/** The rule that decided what became of a packet. */
export const DecidingLine = FailedLine.extend({
  line: z
    .int()
    .nullable()
    .describe(
      'The number of the line, from 1, in the text of that family as it was sent; null: it is no line of this ruleset.',
    ),
  owner: z
    .string()
    .optional()
    .describe(
      'Whose it is, where line is null: policy (of a chain), foreign, or the name of another ruleset.',
    ),
});
export type DecidingLine = z.infer<typeof DecidingLine>;

export const FailedTest = z.object({
  name: z.string().describe('The name of the test.'),
  expected: z.string().describe('What had to become of its packet.'),
  got: z.string().describe('What did; inconclusive, and why, where that cannot be said.'),
  lines: z.array(DecidingLine).describe('The rule that decided it; none, if no rule did.'),
});
export type FailedTest = z.infer<typeof FailedTest>;

export const Failure = z.object({
  code: FailureCode,
  stage: Stage,
  retryable: z
    .boolean()
    .describe('Whether the same content, as a new job, may succeed with nothing else done.'),
  message: z.string().describe('What happened, for people.'),
  lines: z.array(FailedLine).describe('The failing lines, the first first; none, where no line is to blame.'),
  command: z.string().nullable().describe('The program that failed, if one did.'),
  exitCode: z.int().nullable().describe('Its exit status.'),
  stderr: z.string().nullable().describe('What it wrote to standard error.'),
  truncated: z
    .boolean()
    .optional()
    .describe('Whether lines or stderr are cut, or the search for failing lines was given up.'),
  lineCount: z
    .int()
    .optional()
    .describe('How many lines fail in all. Only there if lines is cut and the number is known.'),
  tests: z
    .array(FailedTest)
    .optional()
    .describe('The tests of the ruleset, and of the policy, that did not come out as they have to.'),
  testCount: z.int().optional().describe('How many tests did not. Only there if tests is cut.'),
});
export type Failure = z.infer<typeof Failure>;
