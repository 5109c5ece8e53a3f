import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { HostId } from '../words/identifiers.ts';
import { CloudEventFields, cloudEvent, OPERATOR_SOURCE } from './cloud-event.ts';

/** An operator has taken a host out of the fleet. If it is heard of again, it is back. */
export const HostForgotten = CloudEventFields.extend({
  source: z.literal(OPERATOR_SOURCE).describe('Who says it: an operator.'),
  subject: HostId,
  type: z.literal('fleetwall.host.forgotten').describe('A host is taken out of the fleet.'),
  data: z.object({ hostId: HostId }).describe('Which host it is.'),
});
export type HostForgotten = z.infer<typeof HostForgotten>;

export function hostForgotten(hostId: string): HostForgotten {
  return {
    ...cloudEvent(OPERATOR_SOURCE, randomUUID()),
    source: OPERATOR_SOURCE,
    type: 'fleetwall.host.forgotten',
    subject: hostId,
    data: { hostId },
  };
}

export function forgottenKey(hostId: string): string {
  return `host.${hostId}.forgotten`;
}
