import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { FleetClient, type HostSelection, NoSuchRollout, RequestInvalid } from '../../../src/index.ts';
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

it('shows nothing of what it works with', () => {
  expect(Object.keys(client)).toEqual([]);
});
