import { randomUUID } from 'node:crypto';
import { cloudEvent, hostSource } from '../../contract/events/cloud-event.ts';
import type { Diff, FleetEvent, Writer } from '../../contract/events/event.ts';
import type { Ports } from '../ports/ports.ts';
import type { RulesetRecord } from '../ports/stores.ts';

/** Makes a drift event. Its id is random: the same difference may come and go several times, and each time is a new event. */
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
