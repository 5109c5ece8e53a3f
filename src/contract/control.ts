import { z } from 'zod';
import { API_VERSION, JobId, Timestamp } from './identifiers.ts';
import { Target } from './job.ts';

const ControlEnvelope = z.object({
  apiVersion: z.literal(API_VERSION),
  id: JobId,
  issuedAt: Timestamp,
  target: Target,
});

/** A message to the control queue: an answer for a job that waits to be confirmed, the end of one that is
 * not begun, or a request for a heartbeat. */
export const ControlMessage = z.discriminatedUnion('kind', [
  ControlEnvelope.extend({ kind: z.enum(['confirm', 'abort', 'cancel']), jobId: JobId }),
  ControlEnvelope.extend({ kind: z.literal('ping') }),
]);
/** As it is read. */
export type ControlMessage = z.infer<typeof ControlMessage>;
