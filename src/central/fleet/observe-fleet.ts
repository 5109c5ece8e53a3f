import type { FleetLink } from '../../broker/fleet-link.ts';
import { ALL_KEY, CONTROL_EXCHANGE } from '../../contract/names.ts';
import { type EventReader, isFleetEvent } from './event-reader.ts';
import { FleetState } from './fleet-state.ts';
import { LogMarker } from './log-marker.ts';
import type { PreparedMessage } from './messages.ts';

export interface ObserveOptions {
  reader: Pick<EventReader, 'read'>;
  /** To every host. */
  ping: PreparedMessage;
  /** How far back to read of hosts that do not answer. */
  since: Date;
  /** How long hosts have to answer. */
  answerMs: number;
  signal?: AbortSignal | undefined;
}

const LOOK_MS = 50;

/**
 * The fleet as it is now: everybody is asked to say how it is, and what was said before tells of those who do not. There is no
 * other memory of a fleet than its log of events.
 */
export async function observeFleet(
  link: FleetLink,
  { reader, ping, since, answerMs, signal }: ObserveOptions,
): Promise<FleetState> {
  const fleet = new FleetState();
  const answered = new Set<string>();
  const marker = new LogMarker();
  const place = { hasCaughtUp: false, isOver: false };
  const stop = await link.read({ since }, (message) => {
    if (marker.is(message)) {
      place.isOver = place.hasCaughtUp;
      place.hasCaughtUp = true;
      return;
    }
    const event = reader.read(message);
    if (event === null || !isFleetEvent(event)) return;
    fleet.take(event);
    if (place.hasCaughtUp) answered.add(event.data.hostId);
  });
  try {
    // What stands behind the mark was said after we had asked, whatever the clocks of hosts say.
    await marker.publish(link, signal);
    await link.publish({ exchange: CONTROL_EXCHANGE, key: ALL_KEY, messageId: ping.jobId, ...ping }, signal);
    const deadline = Date.now() + answerMs;
    const haveAllAnswered = () =>
      place.hasCaughtUp &&
      [...fleet.hosts.values()].every(
        ({ hostId, presence }) => presence === 'offline' || answered.has(hostId),
      );
    while (!(place.hasCaughtUp && Date.now() > deadline) && !(haveAllAnswered() && answered.size > 0)) {
      signal?.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    await marker.publish(link, signal);
    while (!place.isOver) {
      signal?.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  } finally {
    await stop();
  }
  for (const host of fleet.hosts.values()) {
    if (host.presence === 'online' && !answered.has(host.hostId)) host.presence = 'silent';
  }
  return fleet;
}
