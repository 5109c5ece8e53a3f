import { expect, it } from 'vitest';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { entriesOf, runList, setsOf } from '../../support/lists.ts';

const fixture = new Fixture();
/** Between two readings of what the kernel counts, and what is said of it. */
const ABOUT_SECONDS = 30;

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

/** In how many seconds each entry of `blocked` ends. */
async function timeoutsOf({ namespace }: TestHost): Promise<Map<string, number>> {
  const saved = await namespace.run('ipset', ['save', 'fw4.blocked']);
  return new Map(
    [...saved.matchAll(/^add \S+ (\S+) timeout (\d+)$/gm)].map(([, entry = '', seconds]) => [
      entry,
      Number(seconds),
    ]),
  );
}

async function expectAbout(host: TestHost, wanted: Record<string, number>): Promise<void> {
  const live = await timeoutsOf(host);
  expect([...live.keys()].toSorted()).toEqual(Object.keys(wanted));
  for (const [entry, seconds] of Object.entries(wanted))
    expect(Math.abs((live.get(entry) ?? 0) - seconds), entry).toBeLessThan(ABOUT_SECONDS);
}

/** Has entries end at other times, and waits to be confirmed. @returns the id of the job */
async function openWindow(client: TestClient, host: TestHost): Promise<string> {
  const add = [
    { entry: '192.0.2.1', until: inSeconds(86_400) },
    { entry: '192.0.2.2', until: inSeconds(400) },
  ];
  const list = { name: 'blocked', revision: 2, add };
  const job = makeJob(host.id, {
    action: 'list.change',
    list,
    confirm: { mode: 'manual', timeoutSeconds: 600 },
  });
  await client.publish(host.id, job);
  await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
  await expectAbout(host, { '192.0.2.1': 86_400, '192.0.2.2': 400 });
  return job.id;
}

it.each(['abort', 'a kill'])('entries end when they did before a change that %s takes back', async (how) => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const entries = [
    { entry: '192.0.2.1', until: inSeconds(900) },
    { entry: '192.0.2.2', until: inSeconds(5_000) },
  ];
  const made = await runList(client, host, 'replace', { revision: 1, kind: 'allow', entries });
  expect(made.outcome).toBe('applied');
  const id = await openWindow(client, host);
  if (how === 'a kill') {
    await host.end('SIGKILL');
    await host.start();
  }
  await client.publish(host.id, makeJob(host.id, { kind: 'abort', jobId: id }), {}, CONTROL_EXCHANGE);
  expect((await client.completed(id)).data).toMatchObject({
    outcome: 'rolled_back',
    rollback: { verified: true },
  });
  await expectAbout(host, { '192.0.2.1': 900, '192.0.2.2': 5_000 });
});

it('a change of a list that others have emptied leaves live what it tells', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const entries = ['192.0.2.1', '192.0.2.2', '2001:db8::1'];
  await runList(client, host, 'replace', { revision: 1, entries });
  await host.namespace.run('ipset', ['flush']);
  const changed = await runList(client, host, 'change', { revision: 2, add: ['192.0.2.3'] });
  expect(changed).toMatchObject({ outcome: 'applied', counts: { entries: 4 } });
  expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1']);
});

it('sets of others that are called as a second set of a list stay, and only what needs that name says so', async () => {
  const host = await fixture.host('nft', { environment: { FLEETWALL_DRIFT_INTERVAL_SECONDS: '1' } });
  const client = await fixture.client();
  await runList(client, host, 'replace', { revision: 1, entries: ['192.0.2.1'] });
  await host.namespace.run('ipset', ['create', 'fw4.blocked.2', 'hash:ip']);
  await host.namespace.run('ipset', ['add', 'fw4.blocked.2', '198.51.100.7']);
  const isThere = async () =>
    (await host.namespace.run('ipset', ['save', 'fw4.blocked.2'])).includes('198.51.100.7');
  // More than one look at the list.
  for (let revision = 2; revision <= 4; revision += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const add = [`192.0.2.${revision}`];
    expect((await runList(client, host, 'change', { revision, add })).outcome).toBe('applied');
    expect(await isThere()).toBe(true);
  }
  const live = await entriesOf(host.namespace);
  const whole = await runList(client, host, 'replace', { revision: 5, entries: ['203.0.113.1'] });
  expect(whole).toMatchObject({
    outcome: 'failed',
    changed: false,
    failure: { code: 'chain_conflict', message: expect.stringContaining('fw4.blocked.2 (hash:ip)') },
  });
  expect(await isThere()).toBe(true);
  expect(await entriesOf(host.namespace)).toEqual(live);
  await host.namespace.run('ipset', ['destroy', 'fw4.blocked.2']);
  expect((await runList(client, host, 'replace', { revision: 5, entries: ['203.0.113.1'] })).outcome).toBe(
    'applied',
  );
  expect(await setsOf(host.namespace)).toEqual(['fw4.blocked', 'fw6.blocked']);
});

it('who may not remove a list is told the ruleset that waits to be confirmed', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  await runList(client, host, 'replace', { revision: 1, entries: ['192.0.2.1'] });
  const ipv4 = '*filter\n:edge - [0:0]\n-A edge -m set --match-set fw4.blocked src -j DROP\nCOMMIT\n';
  const ruleset = { name: 'edge', revision: 1, ipv4 };
  const confirm = { mode: 'manual', timeoutSeconds: 600 };
  await client.publish(host.id, makeJob(host.id, { ruleset, confirm }));
  await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
  const { failure } = await runList(client, host, 'remove', { revision: 2 });
  expect(failure).toMatchObject({
    code: 'list_in_use',
    message: 'list blocked is matched by ruleset edge, which waits to be confirmed: it is not removed',
  });
});
