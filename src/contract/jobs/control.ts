import * as z from 'zod';
import { ApiVersion, JobId, Timestamp } from '../words/identifiers.ts';
import { Target } from './job.ts';

const ControlEnvelope = z.object({
  apiVersion: ApiVersion,
  id: JobId.describe('The id of this message, a UUID. It is the message_id, too.'),
  issuedAt: Timestamp.describe('When the message was made: an RFC 3339 time, with Z or an offset.'),
  target: Target,
});

/** A message to the control queue: an answer for a job that waits to be confirmed, the end of one that is
 * not begun, or a request for a heartbeat. */
export const ControlMessage = z.discriminatedUnion('kind', [
  ControlEnvelope.extend({
    kind: z
      .enum(['confirm', 'abort', 'cancel'])
      .describe(
        'confirm: keep the change. abort: take it back at once. cancel: end a job that is not begun.',
      ),
    jobId: JobId.describe('The id of the job that it is about, a UUID.'),
  }),
  ControlEnvelope.extend({ kind: z.literal('ping').describe('Ask for a fleetwall.worker.heartbeat.') }),
]);
/** As it is read. */
export type ControlMessage = z.infer<typeof ControlMessage>;
