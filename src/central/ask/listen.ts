import { NoAnswer, within } from '../../broker/connection/within.ts';
import type { FleetLink } from '../../broker/fleet-link.ts';
import type { IncomingMessage, StreamStart } from '../../broker/stream-source.ts';

/** Where the event log cannot be had by then, it has no leader now. */
const AT_ONCE_MS = 2_000;
/** The broker's clock, by which the log is read from a time on, may be so far ahead of this one. */
const SKEW_MS = 60_000;

export interface ListenOptions {
  /** `null`: with what is said from now on. */
  start: StreamStart | null;
  onMessage: (message: IncomingMessage) => void;
  onReopened: () => void;
  /** Called if it turns out that the log cannot be read at all. */
  onDeaf: (error: Error) => void;
  signal: AbortSignal | undefined;
}

/**
 * Listens before something is asked. Where the event log cannot be had at once, as in a cluster whose node with the log's leader hangs,
 * nobody waits for it: what is said meanwhile is read later. Then some of what was said before is heard, too.
 *
 * @returns ends it
 * @throws what {@link FleetLink.read} throws
 */
export async function listen(
  link: Pick<FleetLink, 'read'>,
  { start, onMessage, onReopened, onDeaf, signal }: ListenOptions,
): Promise<() => Promise<void>> {
  const began = Date.now();
  const read = async (from: StreamStart, stop: AbortController) => {
    const signals = signal === undefined ? [stop.signal] : [stop.signal, signal];
    return await link.read(from, onMessage, onReopened, AbortSignal.any(signals));
  };
  const atOnce = new AbortController();
  try {
    return await within(AT_ONCE_MS, async () => await read(start ?? 'next', atOnce));
  } catch (error) {
    atOnce.abort();
    if (!(error instanceof NoAnswer)) throw error;
  }
  const later = new AbortController();
  const reading = read(start ?? { since: new Date(began - SKEW_MS) }, later);
  reading.catch((error: Error) => {
    if (!later.signal.aborted) onDeaf(error);
  });
  return async () => {
    later.abort();
    const stop = await reading.catch(() => async () => {});
    await stop();
  };
}
