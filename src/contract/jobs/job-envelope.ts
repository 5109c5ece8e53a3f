import * as z from 'zod';
import { ApiVersion, GroupName, HostId, JobId, listOf, Timestamp } from '../words/identifiers.ts';

export const MAX_CONFIRM_SECONDS = 1200;

export const Target = z
  .object({
    hosts: listOf(HostId).optional().describe('The hosts that it is for, by their ids.'),
    groups: listOf(GroupName).optional().describe('The groups of hosts that it is for.'),
    all: z.boolean().optional().describe('Whether it is for every host.'),
  })
  .describe('Who it is for: any of these. A host that is not in it refuses it, however it was routed.');
export type Target = z.infer<typeof Target>;

const Confirm = z.object({
  mode: z
    .enum(['probe', 'manual', 'none'])
    .default('probe')
    .describe(
      'probe: a new connection to the broker, and the probes of the host. manual: a control message. none: the change stays.',
    ),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(MAX_CONFIRM_SECONDS)
    .default(30)
    .describe('Seconds from the change until it is taken back if it is not confirmed: 1 to 1200.'),
});

/** For a change that is wanted at once: it asks for a confirmation only where its sender does. */
export const UnconfirmedByDefault = Confirm.extend({
  mode: Confirm.shape.mode
    .unwrap()
    .default('none')
    .describe(
      'probe: a new connection to the broker, and the probes of the host. manual: a control message. none, the default: the change stays.',
    ),
});

/** What every job has. */
export const Envelope = z.object({
  apiVersion: ApiVersion,
  id: JobId.describe('The id of the job, a UUID. It is the message_id, too. The same id is run once.'),
  issuedAt: Timestamp.describe('When the job was made: an RFC 3339 time, with Z or an offset.'),
  expiresAt: Timestamp.optional().describe(
    'An RFC 3339 time after which the job is not run. A signed job has to have one, unless the policy of the host takes it without.',
  ),
  target: Target,
  rolloutId: z
    .string()
    .max(256)
    .optional()
    .describe('Any text of up to 256 characters. Each event of the job repeats it.'),
  confirm: Confirm.prefault({}).describe(
    'What has to happen after the change, and in what time. If it does not, the change is taken back.',
  ),
});
