import { expect, it, vi } from 'vitest';
import type { OutgoingMessage } from '../../src/broker/publish/publish-channel.ts';
import { ask, toHosts } from '../../src/central/fleet/ask.ts';
import { addressMessages } from '../../src/central/fleet/select.ts';

const MESSAGE = {
  jobId: '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e',
  contentType: 'application/json',
  body: Buffer.from('{}'),
};

/** Asks a named host and a group with one known member, of which the broker has no queue for some keys. */
async function askOver(unroutable: readonly string[]): Promise<Record<string, string>> {
  const web = { hostId: 'web-1', groups: ['web'] };
  const observer = { fleet: async () => ({ hosts: new Map([['web-1', web]]) }) };
  const messages = await addressMessages(
    observer as never,
    { hosts: ['db-1'], groups: ['web'] },
    async () => MESSAGE,
  );
  let hear: (message: { key: string }) => void = () => {};
  const link = {
    read: async (_: unknown, onMessage: typeof hear) => {
      hear = onMessage;
      return async () => {};
    },
    publish: async ({ key }: OutgoingMessage) => {
      hear({ key });
      return unroutable.includes(key) ? 'unroutable' : 'routed';
    },
  };
  const answers = await ask(link as never, messages, { user: undefined, timeoutMs: 50 });
  return Object.fromEntries([...answers].map(([host, { end }]) => [host, end]));
}

it('a group that no queue is bound for is unroutable by its members, and not by a host that was named beside it', async () => {
  expect(await askOver(['group.web'])).toEqual({ 'web-1': 'unroutable', 'db-1': 'silent' });
});

it('a host without a queue is unroutable by itself, whatever else was asked', async () => {
  expect(await askOver(['host.db-1'])).toEqual({ 'web-1': 'silent', 'db-1': 'unroutable' });
});

it('a host is silent when the broker works, and is waited for while the broker does not', async () => {
  vi.useFakeTimers();
  try {
    let isBrokerWell = false;
    const kept: (() => void)[] = [];
    let hear: (message: { key: string }) => void = () => {};
    const link = {
      read: async (_: unknown, onMessage: typeof hear) => {
        hear = onMessage;
        return async () => {};
      },
      publish: async ({ key }: OutgoingMessage) => {
        if (key.startsWith('marker.') && !isBrokerWell)
          await new Promise<void>((resolve) => kept.push(resolve));
        hear({ key });
        return 'routed';
      },
    };
    const messages = [toHosts(MESSAGE, ['db-1'])];
    let isOver = false;
    const asking = ask(link as never, messages, { user: undefined, timeoutMs: 1_000 }).finally(
      () => (isOver = true),
    );
    await vi.advanceTimersByTimeAsync(600_000);
    expect(isOver).toBe(false);
    isBrokerWell = true;
    for (const goOn of kept) goOn();
    // The host has its whole time again, as it may have lost its broker, too.
    await vi.advanceTimersByTimeAsync(900);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await asking).toEqual(new Map([['db-1', { end: 'silent', result: null }]]));
  } finally {
    vi.useRealTimers();
  }
});
