import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { FleetClient, type HostSelection, NoSuchRollout, RequestInvalid } from '../../../src/index.ts';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';

const fixture = new Fixture();
const TEXT = '*filter\n:edge - [0:0]\n-A INPUT -j edge\nCOMMIT\n';
let client: FleetClient;

beforeEach(async () => (client = await FleetClient.connect({ url: inject('brokerUrl') })));
afterEach(async () => await client.close());

it('a host that nobody is bound for is an answer at once, and one that is silent takes its time', async () => {
  const ruleset = { name: 'edge', revision: 1, ipv4: TEXT };
  const answers = await client.push(ruleset, { hosts: ['never-there'] }, { timeoutSeconds: 600 });
  expect(answers.get('never-there')).toEqual({ end: 'unroutable', result: null });
});

it('what is no job is refused here, by a code', async () => {
  const wrong = client.push({ name: 'No Name', revision: 1, ipv4: TEXT }, { hosts: ['web-1'] });
  await expect(wrong).rejects.toBeInstanceOf(RequestInvalid);
  await expect(wrong).rejects.toMatchObject({ code: 'request_invalid' });
  for (const whom of [{ host: 'web-1' }, { hosts: [] }, {}] as HostSelection[]) {
    const forNobody = client.push({ name: 'edge', revision: 'next', ipv4: TEXT }, whom);
    await expect(forNobody).rejects.toMatchObject({ name: 'RequestInvalid', code: 'request_invalid' });
  }
  const unknown = client.pauseRollout('never-begun', { since: new Date() });
  await expect(unknown).rejects.toBeInstanceOf(NoSuchRollout);
  await expect(unknown).rejects.toMatchObject({ code: 'no_such_rollout' });
  const unreachable = FleetClient.connect({ url: 'amqp://127.0.0.1:9' });
  await expect(unreachable).rejects.toMatchObject({ code: 'broker_unreachable' });
  await expect(FleetClient.connect({ url: 'http://x' })).rejects.toMatchObject({ code: 'settings_invalid' });
});

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 3_000_000])(
  'an answer that cannot be waited for (%s s) is refused before anything is sent',
  async (timeoutSeconds) => {
    const heard: string[] = [];
    const options = { timeoutSeconds, onEvent: ({ type }: { type: string }) => heard.push(type) };
    const whom = { hosts: ['never-there'] };
    for (const call of [
      async () => await client.push({ name: 'edge', revision: 1, ipv4: TEXT }, whom, options),
      async () => await client.report(undefined, whom, options),
      async () =>
        await client.lists.change({ name: 'blocked', revision: 1, add: ['192.0.2.1'] }, whom, options),
      async () => await client.remove('edge', 2, whom, options),
    ])
      await expect(call()).rejects.toMatchObject({
        code: 'request_invalid',
        issues: [{ path: ['timeoutSeconds'] }],
      });
    expect(heard).toEqual([]);
  },
);

it('everything that waits is ended by its signal, and by nothing else of the process', async () => {
  const host = await fixture.host('nft');
  await host.end('SIGKILL');
  const { id } = host;
  const whom = { hosts: [id] };
  const reason = new Error('enough');
  const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
    async (signal) => await client.push({ name: 'edge', revision: 1, ipv4: TEXT }, whom, { signal }),
    async (signal) => await client.push({ name: 'edge', revision: 'next', ipv4: TEXT }, whom, { signal }),
    async (signal) => await client.report(undefined, whom, { signal }),
    async (signal) => await client.fleet({ answerMs: 600_000, signal }),
    async (signal) =>
      await client.rollout(
        { ruleset: { name: 'edge', revision: 1, ipv4: TEXT }, whom, deliverySeconds: 600 },
        { signal },
      ),
    async (signal) => await FleetClient.connect({ url: inject('brokerUrl'), signal }),
  ];
  for (const call of calls) {
    const stop = new AbortController();
    const waiting = call(stop.signal);
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  }
  // It is as usable as before.
  expect((await client.fleet({ answerMs: 200 })).hosts.has(id)).toBe(true);
});

it('what is wrong is told piece by piece, with the name that may have been meant', async () => {
  const issuesOf = async (work: Promise<unknown>): Promise<unknown> =>
    await work.then(
      () => 'it was done',
      (error: unknown) => (error instanceof RequestInvalid ? error.issues : error),
    );
  const misspelt = { name: 'edge', revision: 'next', ipv4: TEXT, ip6: TEXT, ifRevison: 3 } as const;
  expect(await issuesOf(client.push(misspelt, { hosts: ['web-1'] }))).toEqual([
    { path: ['ruleset', 'ip6'], message: 'there is no field ip6', nearest: 'ipv6' },
    { path: ['ruleset', 'ifRevison'], message: 'there is no field ifRevison', nearest: 'ifRevision' },
  ]);
  const whom = { hosts: ['web-1', 'No Name'], onlineonly: true } as HostSelection;
  expect(await issuesOf(client.remove('edge', 1, whom))).toEqual([
    { path: ['whom', 'hosts', 1], message: expect.stringMatching(/^must be 1 to 63/), nearest: null },
    { path: ['whom', 'onlineonly'], message: 'there is no field onlineonly', nearest: 'onlineOnly' },
  ]);
  const wrong = client.push({ name: 'No Name', revision: 0, ipv4: TEXT }, { hosts: ['web-1'] });
  expect(await issuesOf(wrong)).toMatchObject([
    { path: ['ruleset', 'name'] },
    { path: ['ruleset', 'revision'] },
  ]);
  const never = client.push({ name: 'edge', revision: 1 }, { hosts: ['web-1'] }, { expiresInSeconds: 0 });
  expect(await issuesOf(never)).toMatchObject([{ path: ['expiresInSeconds'] }]);

  const ruleset = { name: 'edge', revision: 1, ipv4: TEXT };
  const confirm = { mode: 'manual', timeoutSecnds: 900 } as const;
  for (const asked of [
    client.push(ruleset, { hosts: ['web-1'] }, { confirm }),
    client.rollout({ ruleset, whom: { hosts: ['web-1'] }, confirm }),
    client.lists.change(
      { name: 'blocked', revision: 1, add: ['192.0.2.1'] },
      { hosts: ['web-1'] },
      { confirm },
    ),
  ]) {
    expect(await issuesOf(asked)).toEqual([
      {
        path: ['confirm', 'timeoutSecnds'],
        message: 'there is no field timeoutSecnds',
        nearest: 'timeoutSeconds',
      },
    ]);
  }
});

it('a step of many hosts is no leak of listeners, of which Node.js would warn', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on('warning', onWarning);
  const hosts = Array.from({ length: 40 }, (_, index) => `nowhere-${index}`);
  const ruleset = { name: 'edge', revision: 1, ipv4: TEXT };
  const end = await client.rollout({ ruleset, whom: { hosts }, steps: [{ percent: 100 }] });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  expect(Object.values(end.hosts)).toEqual(hosts.map(() => 'unroutable'));
  expect(warnings).toEqual([]);
});

/** What each method is called with; `null`: it asks for nothing. */
const CALLS: Record<string, ((of: FleetClient) => Promise<unknown>) | null> = {
  push: async (of) => await of.push({ name: 'edge', revision: 1, ipv4: TEXT }, { hosts: ['web-1'] }),
  check: async (of) => await of.check({ name: 'edge', revision: 1, ipv4: TEXT }, { hosts: ['web-1'] }),
  rollback: async (of) => await of.rollback('edge', 2, { hosts: ['web-1'] }),
  remove: async (of) => await of.remove('edge', 2, { hosts: ['web-1'] }),
  report: async (of) => await of.report(undefined, { hosts: ['web-1'] }),
  confirm: async (of) => await of.confirm(JOB),
  abort: async (of) => await of.abort(JOB),
  cancel: async (of) => await of.cancel(JOB),
  forget: async (of) => await of.forget('web-1'),
  fleet: async (of) => await of.fleet(),
  rollout: async (of) =>
    await of.rollout({ ruleset: { name: 'edge', revision: 1 }, whom: { hosts: ['web-1'] } }),
  resumeRollout: async (of) => await of.resumeRollout('edge'),
  pauseRollout: async (of) => await of.pauseRollout('edge'),
  abortRollout: async (of) => await of.abortRollout('edge'),
  findRollout: async (of) => await of.findRollout('edge'),
  isRolloutRun: async (of) => await of.isRolloutRun('edge'),
  past: async (of) => await firstOf(of.past({ since: new Date() })),
  events: async (of) => await firstOf(of.events()),
  job: async (of) => await of.job(JOB).look(),
  unbelieved: null,
  close: null,
};
const CALLS_OF_JOB: typeof CALLS = {
  look: async (of) => await of.job(JOB).look(),
  wait: async (of) => await of.job(JOB).wait({ hosts: ['web-1'] }),
  confirm: async (of) => await of.job(JOB).confirm(),
  abort: async (of) => await of.job(JOB).abort(),
  cancel: async (of) => await of.job(JOB).cancel(),
};
const JOB = '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e';

const methodsOf = (type: object): string[] =>
  Object.getOwnPropertyNames(type).filter((name) => name !== 'constructor');
const firstOf = async <T>(all: AsyncIterable<T>): Promise<T | null> => {
  for await (const one of all) return one;
  return null;
};

it('a client that is closed says so, whatever it is asked for', async () => {
  const job = client.job(JOB);
  await client.close();
  expect(Object.keys(CALLS).toSorted()).toEqual(methodsOf(FleetClient.prototype).toSorted());
  expect(Object.keys(CALLS_OF_JOB).toSorted()).toEqual(methodsOf(Object.getPrototypeOf(job)).toSorted());
  for (const [name, call] of [...Object.entries(CALLS), ...Object.entries(CALLS_OF_JOB)]) {
    if (call !== null) await expect(call(client), name).rejects.toMatchObject({ code: 'client_closed' });
  }
  expect(client.unbelieved).toEqual([]);
  await client.close();
});

it('what is under way when a client is closed ends with it', async () => {
  const host = await fixture.host('nft');
  await host.end('SIGKILL');
  const whom = { hosts: [host.id] };
  const calls = [
    client.push({ name: 'edge', revision: 1, ipv4: TEXT }, whom, { timeoutSeconds: 600 }),
    client.job(JOB).wait({ ...whom, timeoutSeconds: 600 }),
    client.fleet({ answerMs: 600_000 }),
    client.rollout({ ruleset: { name: 'edge', revision: 2 }, whom, deliverySeconds: 600 }),
  ];
  const ends = Promise.allSettled(calls);
  const events: string[] = [];
  const watching = (async () => {
    for await (const { type } of client.events({ from: 'first' })) events.push(type);
  })();
  while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await client.close();
  for (const end of await ends)
    expect(end).toMatchObject({ status: 'rejected', reason: { code: 'client_closed' } });
  // Who only listens has heard all that there was.
  await watching;
});

it('shows nothing of what it works with', () => {
  expect(Object.keys(client)).toEqual(['lists']);
  expect(Object.keys(client.lists)).toEqual([]);
  expect(Object.keys(client.job(JOB))).toEqual(['id']);
});

it('what a host refuses of somebody else under the id of a job that waits there is not how that job ends', async () => {
  const host = await fixture.host('nft');
  const raw = await fixture.client();
  const whom = { hosts: [host.id] };
  const before = await openWindow(raw, host.id);
  const confirmAfterJunk = async (jobId: string) => {
    await refuseUnder(raw, host.id, jobId);
    const control = makeJob(host.id, { kind: 'confirm', jobId: before });
    await raw.publish(host.id, control, {}, CONTROL_EXCHANGE);
  };
  const confirmed: Promise<void>[] = [];
  const answers = await client.push({ name: 'edge', revision: 1, ipv4: TEXT }, whom, {
    confirm: { mode: 'none' },
    onSending: ({ jobId }) => confirmed.push(confirmAfterJunk(jobId)),
  });
  await Promise.all(confirmed);
  expect(answers.get(host.id)).toMatchObject({ end: 'applied' });
  expect(await host.namespace.save()).toContain('-j edge');
});

/** A change that waits to be confirmed. @returns the id of its job */
async function openWindow(raw: TestClient, host: string): Promise<string> {
  const ruleset = { name: 'before', revision: 1, ipv4: TEXT.replaceAll('edge', 'before') };
  const job = makeJob(host, { ruleset, confirm: { mode: 'manual', timeoutSeconds: 600 } });
  await raw.publish(host, job);
  await raw.event(host, 'fleetwall.job.awaiting_confirmation');
  return job.id;
}

/** Has a host refuse what is no job, and what another has made, under the id of a job. */
async function refuseUnder(raw: TestClient, host: string, id: string): Promise<void> {
  const other = { ...makeJob(host, { ruleset: { name: 'edge', revision: 1, ipv4: TEXT } }), id };
  for (const body of [
    Buffer.from('junk'),
    Buffer.from(JSON.stringify({ ...other, target: { hosts: ['x-1'] } })),
  ])
    await raw.publish(host, body, { messageId: id });
  await expect.poll(() => raw.completions(id).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
}
