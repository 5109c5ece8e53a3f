import { expect, it, vi } from 'vitest';
import type { OutgoingMessage, Routed } from '../../src/broker/publish/publish-channel.ts';
import { ask } from '../../src/central/ask/ask.ts';
import { addressMessages } from '../../src/central/ask/select.ts';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { toHosts } from '../../src/central/messages/addressed-message.ts';

const MESSAGE = {
  jobId: '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e',
  contentType: 'application/json',
  body: Buffer.from('{}'),
};

/** A broker of which each message is heard once it is taken; and a way to have others heard. */
function echoing(take: (message: OutgoingMessage) => Promise<Routed>) {
  let listener: (message: object) => void = () => {};
  const hear = (message: object) => listener(message);
  const link = {
    read: async (_: unknown, onMessage: typeof listener) => {
      listener = onMessage;
      return async () => {};
    },
    publish: async (message: OutgoingMessage) => {
      const routed = await take(message);
      hear(message);
      return routed;
    },
  };
  return { link, hear };
}

/** Asks a named host and a group with one known member, of which the broker has no queue for some keys. */
async function askOver(unroutable: readonly string[]): Promise<Record<string, string>> {
  const web = { hostId: 'web-1', groups: ['web'] };
  const observer = { fleet: async () => ({ hosts: new Map([['web-1', web]]) }) };
  const messages = await addressMessages(
    observer as never,
    { hosts: ['db-1'], groups: ['web'] },
    async () => MESSAGE,
  );
  const { link } = echoing(async ({ key }) => (unroutable.includes(key) ? 'unroutable' : 'routed'));
  const answers = await ask(link as never, messages, { reader: new EventReader(undefined), timeoutMs: 50 });
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
    const { link } = echoing(async ({ key }) => {
      if (key.startsWith('marker.') && !isBrokerWell)
        await new Promise<void>((resolve) => kept.push(resolve));
      return 'routed';
    });
    const messages = [toHosts(MESSAGE, ['db-1'])];
    let isOver = false;
    const asking = ask(link as never, messages, {
      reader: new EventReader(undefined),
      timeoutMs: 1_000,
    }).finally(() => (isOver = true));
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

/** Asks one host, which says these events one after the other, each so many milliseconds after the last. @returns its end, and when */
async function askWhoSays(events: [object, number][]): Promise<{ end: string | undefined; afterMs: number }> {
  vi.useFakeTimers();
  try {
    const begin = Date.now();
    const { link, hear } = echoing(async () => 'routed');
    const reader = { read: (message: object) => ('event' in message ? message.event : null) };
    const options = { reader: reader as never, timeoutMs: 1_000 };
    let afterMs = -1;
    const asking = ask(link as never, [toHosts(MESSAGE, ['web-1'])], options).finally(
      () => (afterMs = Date.now() - begin),
    );
    for (const [event, ms] of events) {
      await vi.advanceTimersByTimeAsync(ms);
      hear({ key: 'web-1.job.x', event });
    }
    await vi.advanceTimersByTimeAsync(10_000_000);
    return { end: (await asking).get('web-1')?.end, afterMs };
  } finally {
    vi.useRealTimers();
  }
}

const common = { subject: MESSAGE.jobId, time: '2026-11-25T10:00:00Z' };
const started = { ...common, type: 'fleetwall.job.started', data: { hostId: 'web-1' } };
const awaiting = (deadline: string) => ({
  ...common,
  type: 'fleetwall.job.awaiting_confirmation',
  data: { hostId: 'web-1', deadline },
});
const completed = (data: object) => ({
  ...common,
  type: 'fleetwall.job.completed',
  data: { hostId: 'web-1', authenticated: true, failure: null, ...data },
});

it('a host that begins again and again is waited for once', async () => {
  const again = Array.from({ length: 50 }, (): [object, number] => [started, 500]);
  expect(await askWhoSays(again)).toMatchObject({ end: 'silent', afterMs: 1_500 });
});

it('a host is waited for no longer than a job may wait, whatever it says', async () => {
  for (const deadline of ['9999-12-31T23:59:59Z', '1970-01-01T00:00:00Z', 'never']) {
    const { end, afterMs } = await askWhoSays([[awaiting(deadline), 100]]);
    expect(end).toBe('silent');
    expect(afterMs).toBeLessThanOrEqual(1_200_000 + 10_000 + 100);
  }
});

it('a refusal is no end of a job that was begun', async () => {
  const refusal = completed({
    outcome: 'rejected',
    authenticated: false,
    failure: { stage: 'authorise', code: 'signature_invalid' },
  });
  expect(await askWhoSays([[refusal, 10]])).toMatchObject({ end: 'rejected' });
  const taken = await askWhoSays([
    [started, 10],
    [refusal, 10],
    [completed({ outcome: 'applied' }), 10],
  ]);
  expect(taken).toMatchObject({ end: 'applied' });
});

it('ends with the last answer, although a look at the fleet hangs and the broker has not confirmed the job', async () => {
  vi.useFakeTimers();
  try {
    const { link, hear } = echoing(async () => 'routed');
    const publish = async (_: OutgoingMessage, signal?: AbortSignal) =>
      await new Promise<Routed>((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    const reader = { read: (message: object) => ('event' in message ? message.event : null) };
    const looks: AbortSignal[] = [];
    const lookBehind = async (signal: AbortSignal) => {
      looks.push(signal);
      return await new Promise<never>(() => {});
    };
    const options = { reader: reader as never, timeoutMs: 60_000, lookBehind };
    const unconfirmed = ask({ ...link, publish } as never, [toHosts(MESSAGE, ['web-1'])], options);
    await vi.advanceTimersByTimeAsync(10_000);
    hear({ key: 'web-1.job.x', event: completed({ outcome: 'applied' }) });
    expect(await unconfirmed).toMatchObject(new Map([['web-1', { end: 'applied' }]]));
    const asking = ask(link as never, [toHosts(MESSAGE, ['web-1'])], options);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks.map(({ aborted }) => aborted)).toEqual([false]);
    hear({ key: 'web-1.job.x', event: completed({ outcome: 'applied' }) });
    expect(await asking).toMatchObject(new Map([['web-1', { end: 'applied' }]]));
    expect(looks.map(({ aborted }) => aborted)).toEqual([true]);
  } finally {
    vi.useRealTimers();
  }
});

it('a queue that takes nothing ends with its own host silent, where the broker works: the others are not held up, and it is not tried for ever', async () => {
  vi.useFakeTimers();
  try {
    let tries = 0;
    const { link, hear } = echoing(async () => 'routed');
    const publish = async (message: OutgoingMessage, signal?: AbortSignal) => {
      if (!message.key.endsWith('gone-1')) return await link.publish(message);
      tries += 1;
      return await new Promise<Routed>((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    };
    const reader = { read: (message: object) => ('event' in message ? message.event : null) };
    const options = { reader: reader as never, timeoutMs: 20_000 };
    const asking = ask({ ...link, publish } as never, [toHosts(MESSAGE, ['web-1', 'gone-1'])], options);
    await vi.advanceTimersByTimeAsync(100);
    hear({ key: 'web-1.job.x', event: completed({ outcome: 'applied' }) });
    await vi.advanceTimersByTimeAsync(60_000);
    const answers = await asking;
    expect(answers.get('web-1')?.end).toBe('applied');
    expect(answers.get('gone-1')).toEqual({ end: 'silent', result: null, untaken: true });
    expect(tries).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});

it('who ends it before the broker has the job gets the own reason back', async () => {
  const { link } = echoing(async () => 'routed');
  const publish = async (_: OutgoingMessage, signal?: AbortSignal) =>
    await new Promise<Routed>((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason as Error)),
    );
  const own = new AbortController();
  const options = { reader: new EventReader(undefined), timeoutMs: 60_000, signal: own.signal };
  const asking = ask({ ...link, publish } as never, [toHosts(MESSAGE, ['web-1'])], options);
  setImmediate(() => own.abort(new Error('enough')));
  await expect(asking).rejects.toThrow('enough');
});

it('what is for many is on its way while one host after the other says for the first time that it has it', async () => {
  vi.useFakeTimers();
  try {
    let lastSignMs: (() => number) | undefined;
    let confirm = () => {};
    const { link, hear } = echoing(async () => {
      await new Promise<void>((resolve) => (confirm = resolve));
      return 'routed';
    });
    const publish = async (message: OutgoingMessage, _: unknown, sign: () => number) => {
      lastSignMs ??= sign;
      return await link.publish(message);
    };
    const hosts = new Map(['web-1', 'web-2'].map((hostId) => [hostId, { hostId, groups: ['web'] }]));
    const observer = { fleet: async () => ({ hosts }) };
    const messages = await addressMessages(observer as never, { groups: ['web'] }, async () => MESSAGE);
    const reader = { read: (message: object) => ('event' in message ? message.event : null) };
    const asking = ask({ ...link, publish } as never, messages, {
      reader: reader as never,
      timeoutMs: 60_000,
    });
    const signs: number[] = [];
    const begun = performance.now();
    const said = async (event: { data: object }, hostId: string) => {
      await vi.advanceTimersByTimeAsync(100);
      hear({ key: `${hostId}.job.x`, event: { ...event, data: { ...event.data, hostId } } });
      signs.push((lastSignMs?.() ?? 0) - begun);
    };
    await said(started, 'web-1');
    await said(started, 'web-1');
    await said(completed({ outcome: 'applied' }), 'web-1');
    await said(completed({ outcome: 'applied' }), 'web-2');
    expect(signs).toEqual([100, 100, 100, 400]);
    confirm();
    expect([...(await asking).values()].map(({ end }) => end)).toEqual(['applied', 'applied']);
  } finally {
    vi.useRealTimers();
  }
});
