import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { FleetEvent } from '../../../src/contract/events/event.ts';
import type { TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { type Backend, mostlyWith } from '../../support/namespace.ts';

const fixture = new Fixture();
const EDGE = `*filter
:edge - [0:0]
-I INPUT -j edge
-A edge -s 192.0.2.1/32 -j DROP
-A edge -s 192.0.2.2/32 -j DROP
COMMIT
`;
const EDGE6 = '*filter\n:edge - [0:0]\n-A FORWARD -j edge\n-A edge -s 2001:db8::/32 -j DROP\nCOMMIT\n';
const MANGLED =
  '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -s 192.0.2.7/32 -j MARK --set-mark 7\nCOMMIT\n';

type DriftEvent = Extract<FleetEvent, { data: { by: unknown } }>;

/** Sorts the tables of a save, as their order is not defined. */
function sorted(save: string): string[] {
  return save.split(/^(?=\*)/m).toSorted();
}

function driftsOf(client: TestClient, host: TestHost): DriftEvent[] {
  return client.heard
    .map(({ event }) => event)
    .filter((event): event is DriftEvent => event.type.startsWith('fleetwall.drift.'))
    .filter((event) => event.data.hostId === host.id);
}

async function guarded(backend: Backend, environment: Record<string, string>) {
  const host = await fixture.host(backend, { environment });
  const client = await fixture.client();
  const ruleset = { name: 'edge', revision: 3, ipv4: EDGE, ipv6: EDGE6 };
  expect((await client.run(host.id, { ruleset })).data.outcome).toBe('applied');
  const tables = { name: 'marks', revision: 1, scope: 'tables', ipv4: MANGLED };
  expect((await client.run(host.id, { ruleset: tables })).data.outcome).toBe('applied');
  return { host, client, committed: await host.namespace.save() };
}

/** A look comes so often that the tests need not rely on the monitor. */
const OFTEN = { FLEETWALL_DRIFT_INTERVAL_SECONDS: '0.5' };
/** A look comes so rarely that only the monitor can notice anything. */
const SELDOM = { FLEETWALL_DRIFT_INTERVAL_SECONDS: '3600' };

describe.each(mostlyWith('nft'))('a hook behind a rule that somebody else has inserted, %s', (backend) => {
  const order = async (host: TestHost) =>
    (await host.namespace.iptables('-S', 'INPUT')).split('\n').slice(1, 3);

  it('is drift, and is reported as moved', async () => {
    const { host, client } = await guarded(backend, OFTEN);
    await host.namespace.iptables('-I', 'INPUT', '-p', 'tcp', '-j', 'ACCEPT');
    const { event } = await client.event(host.id, 'fleetwall.drift.detected');
    expect(event).toMatchObject({
      data: {
        ruleset: { name: 'edge', revision: 3 },
        diff: { tables: [{ family: 'ipv4', table: 'filter', moved: ['-A INPUT -j edge'] }] },
      },
    });
    const { data } = await client.run(host.id, { action: 'report', ruleset: { name: 'edge' } });
    expect(data.report?.rulesets).toMatchObject([{ name: 'edge', inSync: false }]);
    expect(await order(host)).toEqual(['-A INPUT -p tcp -j ACCEPT', '-A INPUT -j edge']);
  });

  it('is put back to the head by a repair, and by a push of the same revision', async () => {
    const { host, client } = await guarded(backend, { ...OFTEN, FLEETWALL_DRIFT: 'repair' });
    await host.namespace.iptables('-I', 'INPUT', '-p', 'tcp', '-j', 'ACCEPT');
    await client.event(host.id, 'fleetwall.drift.repaired');
    expect(await order(host)).toEqual(['-A INPUT -j edge', '-A INPUT -p tcp -j ACCEPT']);
  });
});

describe.each(mostlyWith('legacy'))('drift, %s', (backend) => {
  it('is reported once for each difference, and left alone if it is not to be repaired', async () => {
    const { host, client } = await guarded(backend, OFTEN);
    await host.namespace.iptables('-A', 'INPUT', '-s', '203.0.113.1/32', '-j', 'DROP');
    await host.namespace.iptables('-D', 'edge', '2');
    const { event } = await client.event(host.id, 'fleetwall.drift.detected');
    expect(event).toMatchObject({
      data: {
        ruleset: { name: 'edge', revision: 3 },
        diff: {
          added: 0,
          removed: 1,
          tables: [
            { family: 'ipv4', table: 'filter', added: [], removed: ['-A edge -s 192.0.2.2/32 -j DROP'] },
          ],
        },
      },
    });
    await sleep(2_000);
    expect(driftsOf(client, host)).toHaveLength(1);
    await host.namespace.iptables('-A', 'edge', '-s', '192.0.2.9/32', '-j', 'DROP');
    const deadline = Date.now() + 20_000;
    while (driftsOf(client, host).length < 2 && Date.now() < deadline) await sleep(50);
    expect(
      driftsOf(client, host).map(({ type, data }) => [type, data.diff.added, data.diff.removed]),
    ).toEqual([
      ['fleetwall.drift.detected', 0, 1],
      ['fleetwall.drift.detected', 1, 1],
    ]);
    expect((await host.namespace.save()).match(/-A edge .*/g)).toHaveLength(3);
  });

  it('is repaired where that is wanted, in both families and in whole tables, and foreign rules stay', async () => {
    const { host, client, committed } = await guarded(backend, { ...OFTEN, FLEETWALL_DRIFT: 'repair' });
    await host.namespace.iptables('-A', 'INPUT', '-s', '203.0.113.1/32', '-j', 'DROP');
    const after = await host.namespace.save();
    await host.namespace.iptables('-F', 'edge');
    await host.namespace.run(`ip6tables-${backend}`, ['-w', '5', '-F', 'FORWARD']);
    await host.namespace.iptables('-t', 'mangle', '-F');
    const deadline = Date.now() + 20_000;
    while ((await host.namespace.save()) !== after && Date.now() < deadline) await sleep(50);
    expect(await host.namespace.save()).toBe(after);
    expect(after).not.toBe(committed);
    await client.event(host.id, 'fleetwall.drift.repaired');
    const { data } = await client.run(host.id, { action: 'report' });
    expect(data.report?.rulesets.map(({ name, inSync }) => [name, inSync])).toEqual([
      ['edge', true],
      ['marks', true],
    ]);
  });

  it('that another program makes again and again is repaired five times, and then reported and left alone', async () => {
    const { host, client } = await guarded(backend, { ...OFTEN, FLEETWALL_DRIFT: 'repair' });
    const gaveUp = () => driftsOf(client, host).find(({ data }) => data.gaveUp === true);
    const repaired = () =>
      driftsOf(client, host).filter(({ type }) => type === 'fleetwall.drift.repaired').length;
    const deadline = Date.now() + 60_000;
    for (let times = 1; gaveUp() === undefined; times += 1) {
      await host.namespace.iptables('-F', 'edge');
      while (repaired() < times && gaveUp() === undefined && Date.now() < deadline) await sleep(50);
      if (Date.now() > deadline) break;
    }
    expect(repaired()).toBe(5);
    await sleep(1_500);
    expect(repaired()).toBe(5);
    expect(await host.namespace.save()).not.toContain('192.0.2.1/32');
    // The next revision that is pushed is repaired again.
    const ruleset = { name: 'edge', revision: 4, ipv4: EDGE };
    expect((await client.run(host.id, { ruleset })).data.outcome).toBe('applied');
    await host.namespace.iptables('-F', 'edge');
    while (repaired() < 6 && Date.now() < deadline) await sleep(50);
    expect(repaired()).toBe(6);
  });

  it('that a reboot has made is repaired before the first job, and reported', async () => {
    const { host, client, committed } = await guarded(backend, SELDOM);
    await host.end();
    for (const program of ['iptables', 'ip6tables']) {
      for (const table of ['filter', 'mangle']) {
        await host.namespace.run(`${program}-${backend}`, ['-w', '5', '-t', table, '-F']);
        await host.namespace.run(`${program}-${backend}`, ['-w', '5', '-t', table, '-X']);
      }
    }
    expect(await host.namespace.save()).toBe('');
    await host.start();
    const repaired = () => driftsOf(client, host).filter(({ type }) => type === 'fleetwall.drift.repaired');
    await expect.poll(() => repaired().length, { timeout: 20_000 }).toBe(2);
    const told = repaired().map(({ data: { ruleset, by } }) => [ruleset?.name, ruleset?.revision, by]);
    expect(told).toEqual(
      expect.arrayContaining([
        ['edge', 3, null],
        ['marks', 1, null],
      ]),
    );
    const { data } = await client.run(host.id, { action: 'report' });
    expect(data.report?.rulesets.every(({ inSync }) => inSync)).toBe(true);
    expect(sorted(await host.namespace.save())).toEqual(sorted(committed));
  });

  it('is not looked for at the start when drift is off', async () => {
    const { host, client } = await guarded(backend, SELDOM);
    await host.end();
    await host.namespace.iptables('-F', 'edge');
    const since = client.heard.length;
    await host.start({ FLEETWALL_DRIFT: 'off' });
    await client.run(host.id, { action: 'report' });
    expect(driftsOf(client, host).slice(since)).toEqual([]);
    expect(await host.namespace.save()).not.toContain('192.0.2.1/32');
  });

  it('can be repaired without fleetwall: one command loads the boot files', async () => {
    const { host, client, committed } = await guarded(backend, SELDOM);
    const zone = { name: 'a-zone', revision: 1, ipv4: EDGE.replaceAll('edge', 'a-zone') };
    expect((await client.run(host.id, { ruleset: zone })).data.outcome).toBe('applied');
    const live = await host.namespace.save();
    await host.end();
    const fresh = await fixture.host(backend, { wait: false });
    await fresh.end('SIGKILL');
    const { stdout, stderr } = await execa('nsenter', [
      `--net=/run/netns/${fresh.namespace.name}`,
      '--',
      'sh',
      join(host.folder, 'state/boot/load'),
    ]);
    expect(stdout + stderr).toBe('');
    expect(sorted(await fresh.namespace.save())).toEqual(sorted(live));
    expect(live).not.toBe(committed);
  });
});

describe('drift, nft', () => {
  it('is noticed as it happens, with the name of the program that made it', async () => {
    const { host, client } = await guarded('nft', SELDOM);
    // The monitor starts only after the jobs have ended.
    await sleep(1_500);
    await host.namespace.iptables('-D', 'edge', '1');
    const { event } = await client.event(host.id, 'fleetwall.drift.detected');
    expect(event).toMatchObject({ data: { by: { name: 'iptables-nft' } } });
    expect((event as DriftEvent).data.by?.pid).toBeGreaterThan(1);
  });
});
