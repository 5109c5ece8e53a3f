import * as z from 'zod';

export const Timings = z
  .object({
    queueMs: z
      .number()
      .describe('From issuedAt to the delivery, in milliseconds. It is not part of totalMs.'),
    lockMs: z.number().describe('Waiting for the lock of the host, in milliseconds.'),
    snapshotMs: z.number().describe('Reading what is live, in milliseconds.'),
    rehearseMs: z.number().describe('Trying the rules in a sandbox, in milliseconds.'),
    planMs: z.number().describe('Working out what to change, in milliseconds.'),
    applyMs: z.number().describe('Writing the change, in milliseconds.'),
    verifyMs: z.number().describe('Reading it again and comparing, in milliseconds.'),
    confirmMs: z.number().describe('Waiting for the confirmation, in milliseconds.'),
    totalMs: z.number().describe('From the delivery to the event, in milliseconds.'),
  })
  .describe('How long each part of the job took, in whole milliseconds; 0: it had no such part.');
export type Timings = z.infer<typeof Timings>;
