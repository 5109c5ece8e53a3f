import { abortable } from '../../broker/connection/abortable.ts';
import type { FleetLink } from '../../broker/fleet-link.ts';
import type { IncomingMessage } from '../../broker/stream-source.ts';
import { hostJobsQueue } from '../../contract/words/names.ts';
import { type EventReader, isFleetEvent } from './event-reader.ts';
import { FleetState } from './fleet-state.ts';
import type { LogMarker } from './log-marker.ts';

export interface LongSilentOptions {
  reader: Pick<EventReader, 'read'>;
  /** Stands behind all that is read here. */
  marker: Pick<LogMarker, 'is'>;
  /** Where the log was not read: from the first to the second of these times, in milliseconds since 1970. */
  fromMs: number;
  untilMs: number;
  signal: AbortSignal | undefined;
}

/** Longer than the time between two heartbeats of a host, by default three times as long. */
const WINDOW_MS = 90_000;
const HEARTBEAT_MS = 30_000;
/** About so many heartbeats are read in all, which takes a second or two. */
const MOST_READ = 60_000;
const FEWEST = 12;
const MOST_WINDOWS = 150;
const AT_ONCE = 8;
const WORKER_EVENTS = '.worker.';

/**
 * Finds hosts that have gone quiet long ago. A month of heartbeats is too much to read. But a host that lives says so every 30 s: so the
 * log is only looked into for 90 s at a time, at moments that lie the farther apart the longer ago they are. A host that lived only
 * between two of these is not found.
 */
export async function findLongSilent(
  link: Pick<FleetLink, 'read' | 'countIn'>,
  fleet: FleetState,
  options: LongSilentOptions,
): Promise<void> {
  const starts = windowStarts(options, fleet.hosts.size);
  const older = new FleetState();
  for (let from = 0; from < starts.length; from += AT_ONCE) {
    const some = starts.slice(from, from + AT_ONCE);
    const windows = await Promise.all(some.map(async (start) => await readWindow(link, start, options)));
    for (const event of windows.flat()) older.take(event);
  }
  // What is left of a host that was forgotten is its place in the log.
  for (const { hostId } of fleet.addLongSilent(older))
    if ((await link.countIn(hostJobsQueue(hostId))) === null) fleet.forget(hostId);
}

/** The oldest first. */
function windowStarts({ fromMs, untilMs }: LongSilentOptions, hosts: number): number[] {
  const perWindow = Math.max(1, hosts) * (WINDOW_MS / HEARTBEAT_MS);
  const count = Math.min(MOST_WINDOWS, Math.max(FEWEST, Math.floor(MOST_READ / perWindow)));
  const span = untilMs - fromMs;
  const starts = Array.from(
    { length: count },
    (_, index) => untilMs - WINDOW_MS - span * ((index + 1) / count) ** 3,
  );
  return starts.map((start) => Math.max(fromMs, start)).toReversed();
}

async function readWindow(
  link: Pick<FleetLink, 'read'>,
  startMs: number,
  { reader, marker, signal }: LongSilentOptions,
) {
  const events: Parameters<FleetState['take']>[0][] = [];
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  const take = (message: IncomingMessage) => {
    if (marker.is(message)) return resolve();
    if (!message.key.includes(WORKER_EVENTS)) return;
    const event = reader.read(message);
    if (event === null || !isFleetEvent(event)) return;
    if (Date.parse(event.time) > startMs + WINDOW_MS) resolve();
    else events.push(event);
  };
  const stop = await link.read({ since: new Date(startMs) }, take, () => {}, signal);
  try {
    await abortable(promise, signal);
  } finally {
    await stop();
  }
  return events;
}
