import { z } from 'zod';

const LONGEST_NAME = 100;
const LONGEST_TEXT = 1_000;
export const GateName = z.string().min(1).max(LONGEST_NAME);

/** How one gate was found. An inconclusive look is never a pass: it does not say anything. */
export const GateLook = z.object({
  name: GateName,
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  /** What was found, as it was told: a number of Prometheus, a status, an exit code; `null`: nothing. */
  value: z.string().max(LONGEST_TEXT).nullable(),
  /** What is wanted, such as `below 5`. */
  wanted: z.string().max(LONGEST_TEXT),
  /** In words, for a person. */
  reason: z.string().max(LONGEST_TEXT),
  at: z.iso.datetime(),
});
export type GateLook = z.infer<typeof GateLook>;

/**
 * By what rules gates decide. What they look at (addresses, commands, files with tokens) is not here: whoever may write to the log of
 * events would make an operator's machine run it.
 */
export const GateRules = z.object({
  names: z.array(GateName).min(1),
  /** The SHA-256 of what the gates are, in hex: who goes on with the rollout must have the same. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Between two looks, through each soak, in seconds. */
  everySeconds: z.number().positive(),
  /** How many failing looks in a row fail a gate. */
  failures: z.int().min(1),
  /** What an inconclusive look does: the rollout waits until one is not, or it counts as failed. */
  onInconclusive: z.enum(['pause', 'fail']),
});
export type GateRules = z.infer<typeof GateRules>;
