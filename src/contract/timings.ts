import { z } from 'zod';

/** Milliseconds. `queueMs` is from `issuedAt` to the delivery, and is not part of `totalMs`. */
export const Timings = z.object({
  queueMs: z.number(),
  lockMs: z.number(),
  snapshotMs: z.number(),
  rehearseMs: z.number(),
  planMs: z.number(),
  applyMs: z.number(),
  verifyMs: z.number(),
  confirmMs: z.number(),
  totalMs: z.number(),
});
export type Timings = z.infer<typeof Timings>;
