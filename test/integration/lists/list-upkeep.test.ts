import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FleetEvent } from '../../../src/contract/events/event.ts';
import { listDigest } from '../../../src/list/digest.ts';
import type { TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { entriesOf, runList } from '../../support/lists.ts';
import { StatusReader } from '../../support/metrics.ts';

const fixture = new Fixture();
const SKEW = join(import.meta.dirname, '../../support/skew-clock.mjs');

function driftsOf(client: TestClient, host: TestHost): FleetEvent['data'][] {
  return client.heard
    .map(({ event }) => event)
    .filter(({ type, data }) => type.startsWith('fleetwall.drift.') && data.hostId === host.id)
    .map(({ data }) => data);
}

it('what others change in a list is told once, and put back where that is wanted', async () => {
  const pages = await StatusReader.choose();
  const host = await fixture.host('nft', {
    environment: {
      FLEETWALL_DRIFT: 'repair',
      FLEETWALL_DRIFT_INTERVAL_SECONDS: '1',
      ...pages.environment,
    },
  });
  const client = await fixture.client();
  await runList(client, host, 'replace', {
    revision: 1,
    entries: ['192.0.2.1', '192.0.2.2', '2001:db8::/48'],
  });
  await host.namespace.run(
    'ipset',
    ['restore'],
    'del fw4.blocked 192.0.2.1\nadd fw6.blocked 2001:db8:1::/48\nadd fw6.blocked 2001:db8:2::/48\n',
  );
  const { event } = await client.event(host.id, 'fleetwall.drift.detected');
  expect(event.data).toMatchObject({
    list: { name: 'blocked', revision: 1 },
    diff: { added: 2, removed: 1 },
    entries: { added: ['2001:db8:1::/48', '2001:db8:2::/48'], removed: ['192.0.2.1'] },
  });
  await client.event(host.id, 'fleetwall.drift.repaired');
  expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1', '192.0.2.2', '2001:db8::/48']);
  expect(driftsOf(client, host)).toHaveLength(2);
  // Of the sets nothing is left: at the next start they are there again.
  await host.end();
  await host.namespace.run('ipset', ['destroy']);
  await host.start({ FLEETWALL_DRIFT: 'report' });
  await expect
    .poll(async () => await entriesOf(host.namespace), { timeout: 20_000 })
    .toEqual(['192.0.2.1', '192.0.2.2', '2001:db8::/48']);
  // What only reports says so until it is right again, also where others have put it right.
  const inSync = async () => (await pages.samples()).get('fleetwall_list_in_sync{list="blocked"}');
  await expect.poll(inSync, { timeout: 20_000 }).toBe(1);
  await host.namespace.run('ipset', ['del', 'fw4.blocked', '192.0.2.1']);
  await expect.poll(inSync, { timeout: 20_000 }).toBe(0);
  await host.namespace.run('ipset', ['add', 'fw4.blocked', '192.0.2.1']);
  await expect.poll(inSync, { timeout: 20_000 }).toBe(1);
});

it('an entry ends in time, and is not told of any more; nor is what the host has got as an address', async () => {
  const host = await fixture.host('nft', {
    environment: { FLEETWALL_DRIFT_INTERVAL_SECONDS: '1', FLEETWALL_HEARTBEAT_SECONDS: '1' },
  });
  const client = await fixture.client();
  const until = new Date(Date.now() + 8_000).toISOString();
  const made = await runList(client, host, 'change', {
    revision: 1,
    add: ['192.0.2.1', '203.0.113.7', { entry: '192.0.2.9', until }],
  });
  expect(made.counts?.entries).toBe(3);
  const digestOf = (...texts: string[]) => listDigest(new Map(texts.map((text) => [text, null])), 0);
  const told = async (digest: string, entries: number) => {
    await expect
      .poll(
        () => {
          const states = client.heard.flatMap(({ event }) =>
            event.type === 'fleetwall.worker.heartbeat' && event.data.hostId === host.id ? [event.data] : [],
          );
          return states.at(-1)?.lists;
        },
        { timeout: 20_000 },
      )
      .toEqual([{ name: 'blocked', revision: 1, entries, digest }]);
  };
  await told(digestOf('192.0.2.1', '203.0.113.7'), 2);
  // The kernel counts whole seconds, and begins when it is told.
  await expect
    .poll(async () => await entriesOf(host.namespace), { timeout: 10_000 })
    .toEqual(['192.0.2.1', '203.0.113.7']);
  expect(driftsOf(client, host)).toEqual([]);
  await host.namespace.run('ip', ['address', 'add', '203.0.113.7/32', 'dev', 'lo']);
  const { event } = await client.event(host.id, 'fleetwall.drift.detected');
  expect(event.data).toMatchObject({ list: { name: 'blocked' }, entries: { removed: ['203.0.113.7'] } });
  expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1']);
  await told(digestOf('192.0.2.1'), 1);
  const again = await runList(client, host, 'change', { revision: 2, add: ['203.0.113.0/24'] });
  expect(again.failure).toMatchObject({
    code: 'policy_denied',
    message: expect.stringContaining('203.0.113.7, an address of this host'),
  });
});

it('what the host has got as an address goes out of a list also while a set of that is missing', async () => {
  const host = await fixture.host('nft', { environment: { FLEETWALL_DRIFT_INTERVAL_SECONDS: '1' } });
  const client = await fixture.client();
  const { namespace } = host;
  const entries = ['192.0.2.1', '203.0.113.7', '2001:db8::7', '2001:db8::9'];
  await runList(client, host, 'replace', { revision: 1, entries });
  await namespace.run('ipset', ['destroy', 'fw4.blocked']);
  await client.event(host.id, 'fleetwall.drift.detected');
  await namespace.run('ip', ['address', 'add', '203.0.113.7/32', 'dev', 'lo']);
  await namespace.run('ip', ['address', 'add', '2001:db8::7/128', 'dev', 'lo']);
  const recorded = async () => {
    const { data } = await client.run(host.id, { action: 'report', list: { name: 'blocked' } });
    return data.report?.lists?.[0]?.entries.map(({ entry }) => entry).toSorted();
  };
  await expect.poll(recorded).toEqual(['192.0.2.1', '2001:db8::9']);
  expect(await namespace.run('ipset', ['save', 'fw6.blocked'])).not.toContain('2001:db8::7 ');
  await host.end();
  await namespace.run('ipset', ['destroy']);
  await namespace.run('sh', [join(host.stateDir, 'boot', 'load')]);
  expect(await entriesOf(namespace)).toEqual(['192.0.2.1', '2001:db8::9']);
});

it('timeouts follow the calendar: a worker that finds another time sets them anew', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const until = new Date(Date.now() + 2 * 3_600_000).toISOString();
  await runList(client, host, 'change', { revision: 1, add: [{ entry: '192.0.2.1', until }, '192.0.2.2'] });
  const leftOf = async () =>
    Number(
      /192\.0\.2\.1 timeout (\d+)/.exec(await host.namespace.run('ipset', ['save', 'fw4.blocked']))?.[1] ?? 0,
    );
  expect(await leftOf()).toBeGreaterThan(7_000);
  await host.end();
  await host.start({ NODE_OPTIONS: `--import ${SKEW}`, FLEETWALL_TEST_SKEW_MS: String(3_600_000) });
  await expect.poll(leftOf, { timeout: 20_000 }).toBeLessThanOrEqual(3_600);
  expect(await leftOf()).toBeGreaterThan(3_000);
  await host.end();
  await host.start({ NODE_OPTIONS: `--import ${SKEW}`, FLEETWALL_TEST_SKEW_MS: String(3 * 3_600_000) });
  await expect.poll(async () => await entriesOf(host.namespace), { timeout: 20_000 }).toEqual(['192.0.2.2']);
});

it('timeouts follow the calendar also where others have changed the list, which is not put back by that', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const until = new Date(Date.now() + 600_000).toISOString();
  const ending = ['192.0.2.1', '192.0.2.2', '2001:db8::1'].map((entry) => ({ entry, until }));
  await runList(client, host, 'replace', { revision: 1, kind: 'allow', entries: [...ending, '192.0.2.9'] });
  await host.end();
  // As if the machine had slept for a day: the kernel goes on counting where it was.
  const lines = [
    'add -exist fw4.blocked 192.0.2.1 timeout 90000',
    'add -exist fw6.blocked 2001:db8::1 timeout 90000',
    'del fw4.blocked 192.0.2.2',
    'add fw4.blocked 192.0.2.77 timeout 90000',
  ];
  await host.namespace.run('ipset', ['restore'], `${lines.join('\n')}\n`);
  await host.start();
  const leftOf = async (set: string, entry: string) =>
    Number(
      (await host.namespace.run('ipset', ['save', set])).split(`${entry} timeout `)[1]?.split('\n')[0] ?? 0,
    );
  await expect.poll(async () => await leftOf('fw4.blocked', '192.0.2.1')).toBeLessThanOrEqual(600);
  await expect.poll(async () => await leftOf('fw6.blocked', '2001:db8::1')).toBeLessThanOrEqual(600);
  expect(await leftOf('fw4.blocked', '192.0.2.77')).toBeGreaterThan(600);
  expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1', '192.0.2.77', '192.0.2.9', '2001:db8::1']);
});

it('an entry that others have turned into its opposite is drift, and put back', async () => {
  const host = await fixture.host('nft', { environment: { FLEETWALL_DRIFT: 'repair' } });
  const client = await fixture.client();
  await runList(client, host, 'replace', { revision: 1, entries: ['192.0.2.0/24', '2001:db8::/48'] });
  await host.end();
  const { namespace } = host;
  await namespace.run('ipset', ['add', '-exist', 'fw4.blocked', '192.0.2.0/24', 'nomatch']);
  await namespace.run('ipset', ['add', 'fw4.blocked', '198.51.100.0/24', 'nomatch']);
  await host.start();
  const saved = async () => await namespace.run('ipset', ['save', 'fw4.blocked']);
  await expect.poll(saved, { timeout: 20_000 }).not.toContain('nomatch');
  expect(await entriesOf(namespace)).toEqual(['192.0.2.0/24', '2001:db8::/48']);
  await client.event(host.id, 'fleetwall.drift.repaired');
  expect(driftsOf(client, host)[0]).toMatchObject({
    entries: { added: ['198.51.100.0/24 nomatch'], removed: ['192.0.2.0/24'] },
  });
});
