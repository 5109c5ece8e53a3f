import type { FleetLink } from '../../broker/fleet-link.ts';
import type { IncomingMessage } from '../../broker/stream-source.ts';
import { ALL_KEY, CONTROL_EXCHANGE, EVENT_LOG_STREAM } from '../../contract/words/names.ts';
import type { PreparedMessage } from '../messages/messages.ts';
import { type EventReader, isFleetEvent } from './event-reader.ts';
import { findConsumed } from './find-consumed.ts';
import { FleetState } from './fleet-state.ts';
import { LogMarker } from './log-marker.ts';
import { findLongSilent } from './long-silent.ts';

export interface ObserveOptions {
  reader: Pick<EventReader, 'read' | 'readForgotten'>;
  /** To every host. */
  ping: PreparedMessage;
  /** Whether keys have signed it. */
  isSigned: boolean;
  /** How far back to look for hosts that do not answer. */
  lookBackMs: number;
  /** How long hosts have to answer. */
  answerMs: number;
  signal?: AbortSignal | undefined;
}

const LOOK_MS = 50;
/** A log of so many messages is read whole. Of a longer one, the last minutes are, and what is before is {@link findLongSilent}. */
const WHOLE_LOG = 50_000;
const RECENT_MS = 10 * 60_000;
/** Nobody answers a ping that waits in the queue of a host which is away. */
const PING_MS = 10_000;
/** Longer than a quorum queue needs for a new leader. A classic queue whose node hangs, or is gone, can never be had. */
const ASK_MS = 5_000;

/**
 * The fleet as it is now: everybody is asked to say how it is, and what was said before tells of those who do not. There is no
 * other memory of a fleet than its log of events.
 */
export async function observeFleet(
  link: FleetLink,
  { reader, ping, isSigned, lookBackMs, answerMs, signal }: ObserveOptions,
): Promise<FleetState> {
  const now = Date.now();
  const size = await link.countIn(EVENT_LOG_STREAM).catch(() => Number.POSITIVE_INFINITY);
  const isShort = (size ?? 0) <= WHOLE_LOG;
  const recentMs = isShort ? lookBackMs : Math.min(lookBackMs, RECENT_MS);
  const fleet = new FleetState();
  const answered = new Set<string>();
  const marker = new LogMarker();
  let lastSignMs = 0;
  const place = { hasCaughtUp: false, isOver: false };
  const take = (message: IncomingMessage) => {
    if (marker.is(message)) {
      place.isOver = place.hasCaughtUp;
      place.hasCaughtUp = true;
      return;
    }
    const forgotten = reader.readForgotten(message);
    if (forgotten !== null) return fleet.forget(forgotten);
    const event = reader.read(message);
    if (event === null || !isFleetEvent(event)) return;
    fleet.take(event);
    if (!place.hasCaughtUp || answered.has(event.data.hostId)) return;
    answered.add(event.data.hostId);
    lastSignMs = performance.now();
  };
  const stop = await link.read({ since: new Date(now - recentMs) }, take, () => {}, signal);
  try {
    // What stands behind the mark was said after we had asked, whatever the clocks of hosts say.
    await marker.publish(link, signal);
    await askAll(link, ping, () => lastSignMs, signal);
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
    if (recentMs < lookBackMs) {
      const gap = { fromMs: now - lookBackMs, untilMs: now - recentMs };
      await findLongSilent(link, fleet, { reader, marker, ...gap, signal });
    }
  } finally {
    await stop();
  }
  const quiet = [...fleet.hosts.values()].filter(
    ({ hostId, presence }) => presence === 'online' && !answered.has(hostId),
  );
  const there = await findConsumed(link, quiet, now);
  for (const { hostId } of quiet) fleet.noteQuiet(hostId, { isThere: there.has(hostId), isSigned });
  return fleet;
}

/** The queue of one host that cannot be had keeps the confirm away, and nobody waiting: whom it has reached, the answers tell. */
async function askAll(
  link: Pick<FleetLink, 'publish'>,
  ping: PreparedMessage,
  lastSignMs: () => number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const properties = { expiration: String(PING_MS) };
  const message = { exchange: CONTROL_EXCHANGE, key: ALL_KEY, messageId: ping.jobId, properties, ...ping };
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), ASK_MS);
  try {
    const signals = signal === undefined ? [enough.signal] : [enough.signal, signal];
    await link.publish(message, AbortSignal.any(signals), lastSignMs);
  } catch (error) {
    if (!enough.signal.aborted || signal?.aborted === true) throw error;
  } finally {
    clearTimeout(timer);
  }
}
