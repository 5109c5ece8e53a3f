import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { CloudEventFields, cloudEvent, OPERATOR_SOURCE } from './cloud-event.ts';

/** Says nothing of the fleet. Whoever publishes it reads the event log up to it, as a stream has no end that could be asked for. */
export const LogMarked = CloudEventFields.extend({
  source: z.literal(OPERATOR_SOURCE).describe('Who says it: an operator.'),
  subject: z.uuid().describe('The id of the marker, as in its routing key.'),
  type: z.literal('fleetwall.log.marker').describe('A place in the event log is marked.'),
  data: z.object({ markerId: z.uuid().describe('The id of the marker.') }).describe('Which marker it is.'),
});
export type LogMarked = z.infer<typeof LogMarked>;

/** May be published again: each time is an event of its own. */
export function logMarked(markerId: string): LogMarked {
  return {
    ...cloudEvent(OPERATOR_SOURCE, randomUUID()),
    source: OPERATOR_SOURCE,
    type: 'fleetwall.log.marker',
    subject: markerId,
    data: { markerId },
  };
}

/** A marker is known by its routing key: readers need not look into it. */
export function markerKey(markerId: string): string {
  return `marker.${markerId}`;
}
