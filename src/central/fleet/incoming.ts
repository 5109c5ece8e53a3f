import type { IncomingMessage } from '../../broker/stream-source.ts';
import { FleetEvent } from '../../contract/event.ts';
import { OPERATOR_EXCHANGE } from '../../contract/names.ts';
import { RolloutEvent } from '../../contract/rollout-events.ts';

/** An event of a host, or of a rollout, as it was heard. */
export interface HeardEvent {
  event: FleetEvent | RolloutEvent;
  /** In the log of events; `null` for one that was heard live. */
  offset: number | null;
}

/**
 * Reads what was heard. `null`: it is no event of ours, or it is in the name of another than who published it.
 *
 * @param ownUser what the broker knows us as: where one user is shared by all, its name says nothing
 */
export function readIncoming(message: IncomingMessage, ownUser: string | undefined): HeardEvent | null {
  const { exchange, key, user, body, offset } = message;
  const values = parse(body);
  if (exchange === OPERATOR_EXCHANGE) {
    const read = RolloutEvent.safeParse(values);
    return read.success ? { event: read.data, offset } : null;
  }
  const [speaker = ''] = key.split('.', 1);
  const read = FleetEvent.safeParse(values);
  if (!read.success || read.data.data.hostId !== speaker) return null;
  const isHonest = user === undefined || user === speaker || user === ownUser;
  return isHonest ? { event: read.data, offset } : null;
}

/** Whether an event is one of a host. */
export function isFleetEvent(event: FleetEvent | RolloutEvent): event is FleetEvent {
  return !event.type.startsWith('fleetwall.rollout.');
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
