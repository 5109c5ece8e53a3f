import { expect, it, vi } from 'vitest';
import { BrokerRefused } from '../../src/broker/connection/broker-errors.ts';
import type { StreamStart } from '../../src/broker/stream-source.ts';
import { listen } from '../../src/central/ask/listen.ts';

const WELL = async () => {};

/** A log that has no leader until it gets one, as that of a cluster whose node hangs. */
function logWithoutLeader() {
  const asked: { start: StreamStart; signal: AbortSignal | undefined; end: (error: Error | null) => void }[] =
    [];
  const read = async (start: StreamStart, _: unknown, __: unknown, signal?: AbortSignal) =>
    await new Promise<() => Promise<void>>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      asked.push({ start, signal, end: (error) => (error === null ? resolve(WELL) : reject(error)) });
    });
  return { link: { read }, asked };
}

async function listenWithoutLeader() {
  vi.useFakeTimers({ now: Date.parse('2026-11-25T10:00:00Z') });
  try {
    const { link, asked } = logWithoutLeader();
    const onDeaf = vi.fn();
    const options = { start: null, onMessage: () => {}, onReopened: () => {}, onDeaf, signal: undefined };
    const listening = listen(link, options);
    await vi.advanceTimersByTimeAsync(10_000);
    return { stop: await listening, asked, onDeaf };
  } finally {
    vi.useRealTimers();
  }
}

it('does not wait for a log without a leader, and reads later what was said since', async () => {
  const { stop, asked, onDeaf } = await listenWithoutLeader();
  const [atOnce, later] = asked;
  expect(asked).toHaveLength(2);
  expect(atOnce?.start).toBe('next');
  expect(atOnce?.signal?.aborted).toBe(true);
  // A minute before it was asked, as the clocks may differ.
  expect(later?.start).toEqual({ since: new Date('2026-11-25T09:59:00Z') });
  await stop();
  expect(later?.signal?.aborted).toBe(true);
  expect(onDeaf).not.toHaveBeenCalled();
});

it('tells if the log cannot be read at all, although that is known late', async () => {
  const { stop, asked, onDeaf } = await listenWithoutLeader();
  const refused = new BrokerRefused('no right to read the event log');
  asked[1]?.end(refused);
  await expect.poll(() => onDeaf.mock.calls).toEqual([[refused]]);
  await stop();
});

it('throws at once what is known at once', async () => {
  const { link, asked } = logWithoutLeader();
  const refused = new BrokerRefused('no right to read the event log');
  const options = {
    start: null,
    onMessage: () => {},
    onReopened: () => {},
    onDeaf: () => {},
    signal: undefined,
  };
  const listening = listen(link, options);
  asked[0]?.end(refused);
  await expect(listening).rejects.toBe(refused);
});
