import * as z from 'zod';
import { HostId } from '../words/identifiers.ts';

/** Facts about the worker that publishes an event. */
export const WorkerFacts = z
  .object({
    version: z.string().describe('The version of fleetwall.'),
    backend: z.enum(['nft', 'legacy']).describe('Which variant of iptables it uses.'),
    iptables: z.string().describe('The version of iptables, such as 1.8.9.'),
    kernel: z.string().describe('The release of the kernel.'),
    bootId: z.string().describe('Another one after each boot of the host.'),
  })
  .describe('Facts about the worker that publishes the event.');
/** As they are read. */
export type WorkerFacts = z.infer<typeof WorkerFacts>;

/** Who says an event. */
export const Origin = z.object({ hostId: HostId, worker: WorkerFacts });
