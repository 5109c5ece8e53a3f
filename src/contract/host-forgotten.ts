import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { cloudEvent } from './cloud-event.ts';
import { HostId } from './identifiers.ts';

/** An operator has taken a host out of the fleet. If it is heard of again, it is back. */
export const HostForgotten = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1),
  source: z.literal('/fleetwall/operators'),
  subject: HostId,
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  type: z.literal('fleetwall.host.forgotten'),
  data: z.object({ hostId: HostId }),
});
export type HostForgotten = z.infer<typeof HostForgotten>;

export function hostForgotten(hostId: string): HostForgotten {
  return {
    ...cloudEvent('/fleetwall/operators', randomUUID()),
    source: '/fleetwall/operators',
    type: 'fleetwall.host.forgotten',
    subject: hostId,
    data: { hostId },
  };
}

export function forgottenKey(hostId: string): string {
  return `host.${hostId}.forgotten`;
}
