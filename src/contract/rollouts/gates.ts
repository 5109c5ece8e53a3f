import * as z from 'zod';

const LONGEST_NAME = 100;
const LONGEST_TEXT = 1_000;
export const GateName = z.string().min(1).max(LONGEST_NAME);

/** How one gate was found. An inconclusive look is never a pass: it does not say anything. */
export const GateLook = z.object({
  name: GateName.describe('The name of the gate.'),
  verdict: z
    .enum(['pass', 'fail', 'inconclusive'])
    .describe('What came of it; inconclusive is never a pass, as it does not say anything.'),
  value: z
    .string()
    .max(LONGEST_TEXT)
    .nullable()
    .describe('What was found: a number as Prometheus writes it, a status, an exit status; null: nothing.'),
  wanted: z.string().max(LONGEST_TEXT).describe('What is wanted, such as "below 5".'),
  reason: z.string().max(LONGEST_TEXT).describe('What was found, in words, for people.'),
  at: z.iso.datetime().describe('When that was: RFC 3339, in UTC.'),
});
/** As it is read. */
export type GateLook = z.infer<typeof GateLook>;

/**
 * By what rules gates decide. What they look at (addresses, commands, files with tokens) is not here: whoever may write to the log of
 * events would make an operator's machine run it.
 */
export const GateRules = z.object({
  names: z.array(GateName).min(1).describe('The names of the gates.'),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('The SHA-256 of what the gates are, in hex: who goes on with the rollout must have the same.'),
  everySeconds: z.number().positive().describe('Between two looks, through each soak, in seconds.'),
  failures: z.int().min(1).describe('How many failing looks in a row fail a gate.'),
  onInconclusive: z
    .enum(['pause', 'fail'])
    .describe('What an inconclusive look does: the rollout waits until one is not, or it counts as failed.'),
});
/** As they are read. */
export type GateRules = z.infer<typeof GateRules>;
