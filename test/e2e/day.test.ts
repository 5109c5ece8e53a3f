import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fleet, type FleetHost, ready, type Seen } from './fleet.ts';

const HOSTS = 12;
const ROOT = join(import.meta.dirname, '../..');
let fleet: Fleet;

/** A ruleset that can be recognised by an address. */
function edge(address: number, more = ''): string {
  return `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.${address}/32 -j DROP\n${more}COMMIT\n`;
}

/** What kernel, metrics and events must all show: this address, in this revision. */
function all(address: number, revision: number): () => Seen {
  return () => ({
    kernel: String(address),
    metrics: { revision, inSync: 1 },
    events: { revision, inSync: true },
  });
}

/** The sum of a metric over all hosts. */
async function counted(sample: string): Promise<number> {
  const each = await Promise.all(
    fleet.hosts.map(async ({ pages }) => (await pages.samples()).get(sample) ?? 0),
  );
  return each.reduce((sum, value) => sum + value, 0);
}

const ended = (outcome: string, code = '') =>
  `fleetwall_jobs_total{action="apply",outcome="${outcome}",code="${code}"}`;

describe('a day in the life of a fleet: metrics, events and kernel agree', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    fleet = await Fleet.start(HOSTS);
  }, 180_000);
  afterAll(async () => await fleet.stop(), 60_000);

  it('when it is new', async () => {
    const nothing = { revision: null, inSync: null };
    await fleet.agrees(() => ({ kernel: null, metrics: nothing, events: nothing }));
    expect([...(await fleet.states()).values()].map(({ presence }) => presence)).toEqual(
      Array<string>(HOSTS).fill('online'),
    );
  });

  it('after its first rollout', async () => {
    expect(await fleet.rollOut(edge(1), '--steps', '1,50%,100%')).toEqual({
      status: 0,
      summary: { applied: HOSTS },
    });
    await fleet.agrees(all(1, 1));
    expect(await counted(ended('applied'))).toBe(HOSTS);
    expect(await counted('fleetwall_confirmation_windows_total{mode="probe"}')).toBe(HOSTS);
  });

  it('after a bad rollout, which stops at the canary', async () => {
    const bad = edge(2, '-A edge -p tcp --dport 99999 -j ACCEPT\n');
    expect(await fleet.rollOut(bad, '--steps', '1,100%')).toEqual({
      status: 1,
      summary: { failed: 1, not_started: HOSTS - 1 },
    });
    await fleet.agrees(all(1, 1));
    expect(await counted(ended('failed', 'rule_rejected'))).toBe(1);
  });

  it('after a rollout during which the broker is killed and started again', async () => {
    const rolling = fleet.rollOut(edge(2), '--steps', '1,50%,100%', '--soak', '3');
    await expect.poll(async () => await counted(ended('applied')), { timeout: 30_000 }).toBe(HOSTS + 1);
    await fleet.broker.kill();
    await sleep(1_000);
    await fleet.broker.restart();
    expect(await rolling).toEqual({ status: 0, summary: { applied: HOSTS } });
    await fleet.agrees(all(2, 2));
    expect(await counted(ended('applied'))).toBe(2 * HOSTS);
    expect(await counted('fleetwall_broker_reconnects_total')).toBeGreaterThanOrEqual(HOSTS);
    expect(await counted('fleetwall_outbox_events')).toBe(0);
  });

  it('after a host was rebooted', async () => {
    const rebooted = fleet.hosts[4] as FleetHost;
    await rebooted.host.end('SIGKILL');
    for (const program of ['iptables', 'ip6tables']) {
      const variant = `${program}-${rebooted.host.namespace.backend}`;
      for (const flag of ['-F', '-X']) await rebooted.host.namespace.run(variant, ['-w', '5', flag]);
    }
    expect(await rebooted.host.namespace.save()).toBe('');
    rebooted.host.spawn();
    await ready(rebooted);
    await fleet.agrees(all(2, 2));
  });

  it('after somebody has changed rules by hand, and after they were pushed again', async () => {
    const drifted = fleet.hosts[7] as FleetHost;
    await drifted.host.namespace.iptables('-R', 'edge', '1', '-s', '192.0.2.99/32', '-j', 'DROP');
    const wanted = all(2, 2)();
    const seen = {
      kernel: '99',
      metrics: { revision: 2, inSync: 0 },
      events: { revision: 2, inSync: false },
    };
    await fleet.agrees((index) => (index === 7 ? seen : wanted));
    expect(await counted('fleetwall_drift_detected_total')).toBe(2);
    const again = ['push', '-', '--name', 'edge', '--revision', '2', '--host', drifted.host.id];
    expect(await fleet.run(again, edge(2))).toMatchObject({ status: 0 });
    await fleet.agrees(() => wanted);
  });

  it('after the workers were upgraded, one after the other', async () => {
    const newer = join(fleet.folder, 'newer');
    await mkdir(newer);
    await cp(join(ROOT, 'dist'), join(newer, 'dist'), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(newer, 'node_modules'));
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as object;
    await writeFile(join(newer, 'package.json'), JSON.stringify({ ...manifest, version: '99.0.0' }));
    await writeFile(fleet.launcher, `exec ${newer}/dist/cli/main.js worker\n`);
    for (const each of fleet.hosts) {
      expect(await each.host.end()).toBe(0);
      each.host.spawn();
      await ready(each);
    }
    await fleet.agrees(all(2, 2));
    const versions = [...(await fleet.states()).values()].map(({ worker }) => worker.version);
    expect(new Set(versions)).toEqual(new Set(['99.0.0']));
    for (const { pages } of fleet.hosts)
      expect(await pages.text()).toContain('fleetwall_build_info{version="99.0.0"');
  });

  it('while a key is rotated: with both keys, and then with the new one only', async () => {
    const first = JSON.parse(await readFile(fleet.trustedKeys, 'utf8')) as { keys: object[] };
    const second = await fleet.newKey('second');
    await fleet.trust([...first.keys, second]);
    expect(await fleet.rollOut(edge(3))).toEqual({ status: 0, summary: { applied: HOSTS } });
    await fleet.trust([second]);
    fleet.key = fleet.keyFile('first');
    // Hosts do not even answer a ping with the old key any more, so the host has to be named.
    const host = fleet.hosts[0]?.host.id ?? '';
    const refused = await fleet.run(
      ['push', '-', '--name', 'edge', '--revision', '9', '--host', host, '--json'],
      edge(9),
    );
    expect(refused.status).toBe(1);
    expect(refused.stdout).toContain('signer_not_trusted');
    fleet.key = fleet.keyFile('second');
    await fleet.agrees(all(3, 3));
    expect(
      await counted('fleetwall_jobs_total{action="unknown",outcome="rejected",code="signer_not_trusted"}'),
    ).toBe(1);
  });

  it('after a host has left', async () => {
    const gone = fleet.hosts.at(-1) as FleetHost;
    expect(await fleet.run(['remove', 'edge', '--host', gone.host.id])).toMatchObject({ status: 0 });
    expect(await gone.host.namespace.save()).toBe('');
    expect((await gone.pages.samples()).has('fleetwall_ruleset_revision{ruleset="edge"}')).toBe(false);
    await gone.host.end();
    expect(await fleet.rollOut(edge(5), '--exclude', gone.host.id)).toEqual({
      status: 0,
      summary: { applied: HOSTS - 1 },
    });
    await fleet.agrees(all(5, 4), fleet.hosts.slice(0, -1));
    expect((await fleet.states()).get(gone.host.id)?.presence).toBe('offline');
  });
});
