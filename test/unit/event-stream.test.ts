import { expect, it } from 'vitest';
import { StreamSource } from '../../src/broker/stream-source.ts';
import { EventStream } from '../../src/central/log/event-stream.ts';

it('a log that cannot be had is waited for until the signal, and no longer', async () => {
  const stop = new AbortController();
  // As that of a cluster that has no leader for it.
  const read = async (_: unknown, __: unknown, ___: unknown, signal?: AbortSignal) =>
    await new Promise<never>((__resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      stop.abort(new Error('that is enough'));
    });
  const heard: string[] = [];
  for await (const key of new EventStream({ read }, 'first', (message) => message.key, stop.signal))
    heard.push(key);
  expect(heard).toEqual([]);
});

it('that a log cannot be read is told', async () => {
  const read = async () => await Promise.reject(new Error('no right'));
  const events = new EventStream({ read }, 'first', (message) => message.key);
  await expect(events[Symbol.asyncIterator]().next()).rejects.toThrow('no right');
});

it('a log is read from no date that is none', () => {
  const since = new Date('yesterday');
  expect(() => new StreamSource('log', { since }, () => {})).toThrow(RangeError);
});
