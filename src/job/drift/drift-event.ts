import { randomUUID } from 'node:crypto';
import { cloudEvent, hostSource } from '../../contract/cloud-event.ts';
import type { Diff, FleetEvent, Writer } from '../../contract/event.ts';
import type { Ports } from '../ports/ports.ts';
import type { RulesetRecord } from '../ports/stores.ts';

/** The same difference may come, and go, more than once: each time is a fact of its own. */
export function driftEvent(
  type: 'fleetwall.drift.detected' | 'fleetwall.drift.repaired',
  { name, committed }: RulesetRecord,
  diff: Diff,
  by: Writer | null,
  { identity: { hostId }, facts }: Pick<Ports, 'identity' | 'facts'>,
  gaveUp = false,
): FleetEvent {
  return {
    ...cloudEvent(hostSource(hostId), randomUUID()),
    type,
    data: {
      hostId,
      worker: facts,
      ruleset: { name, revision: committed?.revision ?? 0 },
      diff,
      by,
      ...(gaveUp ? { gaveUp } : {}),
    },
  };
}
