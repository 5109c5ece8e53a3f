import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { crashesOf } from '../../support/killed-at-step.ts';
import { type Backend, mostlyWith } from '../../support/namespace.ts';

const fixture = new Fixture();
const OFF = { FLEETWALL_DRIFT: 'off' };
/** A look comes so often that the tests need not rely on the monitor. */
const OFTEN = { FLEETWALL_DRIFT_INTERVAL_SECONDS: '0.5' };
/** The commit is behind these steps; if it ever were among them, the test would say that it was never seen. */
const FIRST_STEP = 19;
/** A limit that is higher than the number of steps of any job. */
const MOST_STEPS = 60;

/** Not spelled as the kernel does, and with an inserted hook. */
const rulesetOf = (revision: number) => ({
  name: 'edge',
  revision,
  ipv4: `*filter\n:edge - [0:0]\n:edge-a - [0:0]\n-I INPUT -j edge\n-A edge -s 10.1.${revision}.7 -j edge-a\n-A edge-a -j DROP\nCOMMIT\n`,
  ipv6: `*filter\n:edge - [0:0]\n-A FORWARD -j edge\n-A edge -s 2001:db8:${revision}::/48 -j DROP\nCOMMIT\n`,
});

const boot = (host: TestHost, file: string) => join(host.stateDir, 'boot', file);
const FILES = ['edge.chains.ipv4', 'edge.chains.ipv6', 'load'];
const readBoot = async (host: TestHost) =>
  await Promise.all(FILES.map(async (file) => await readFile(boot(host, file), 'utf8').catch(() => null)));
const revisionOnRecord = async (host: TestHost): Promise<number> =>
  (
    JSON.parse(await readFile(join(host.stateDir, 'rulesets/edge.json'), 'utf8')) as {
      committed: { revision: number };
    }
  ).committed.revision;

async function committed(backend: Backend, environment: Record<string, string> = OFF) {
  const host = await fixture.host(backend, { environment });
  const client = await fixture.client();
  expect((await client.run(host.id, { ruleset: rulesetOf(1) })).data.outcome).toBe('applied');
  const files = await readBoot(host);
  expect(files[0]).toContain('-A edge -s 10.1.1.7/32 -j edge-a');
  return { host, client, files, live: await host.namespace.save() };
}

describe.each(mostlyWith('nft'))('a change whose boot files cannot be put in place, %s', (backend) => {
  it.each(['confirmed by nobody', 'confirmed'] as const)('fails and is taken back, %s', async (how) => {
    const { host, client, files, live } = await committed(backend);
    // A file cannot be renamed to a path where a folder is.
    await rm(boot(host, 'edge.chains.ipv6'));
    await mkdir(boot(host, 'edge.chains.ipv6'));
    const confirm = { mode: how === 'confirmed' ? 'probe' : 'none' };
    const { data } = await client.run(host.id, { ruleset: rulesetOf(2), confirm });
    expect(data).toMatchObject({
      outcome: 'failed',
      changed: false,
      failure: { code: 'state_unavailable', stage: 'host', retryable: true },
      rollback: { performed: true, verified: true },
      ruleset: { liveRevision: 1 },
    });
    expect(data.failure?.message).toContain('edge.chains.ipv6');
    expect(await host.namespace.save()).toBe(live);
    expect((await readBoot(host))[0]).toBe(files[0]);
    expect(await revisionOnRecord(host)).toBe(1);
    await rmdir(boot(host, 'edge.chains.ipv6'));
    expect((await client.run(host.id, { ruleset: rulesetOf(2), confirm })).data.outcome).toBe('applied');
    const [ipv4, ipv6] = await readBoot(host);
    expect(ipv4).toContain('10.1.2.7/32');
    expect(ipv6).toContain('2001:db8:2::/48');
  });

  it('fails also if nothing was committed before, and leaves nothing for the boot', async () => {
    const host = await fixture.host(backend, { environment: OFF });
    const client = await fixture.client();
    await mkdir(boot(host, 'edge.chains.ipv6'), { recursive: true });
    const { data } = await client.run(host.id, { ruleset: rulesetOf(1) });
    expect(data.failure?.code).toBe('state_unavailable');
    expect(await host.namespace.save()).toBe('');
    expect((await readBoot(host))[0]).toBe(null);
  });
});

describe.each(mostlyWith('legacy'))('boot files that somebody has removed or damaged, %s', (backend) => {
  const HARMS: Record<string, (host: TestHost) => Promise<void>> = {
    removed: async (host) => {
      for (const file of FILES) await rm(boot(host, file));
    },
    damaged: async (host) => {
      for (const file of FILES) await writeFile(boot(host, file), '*filter\nCOMMIT\n');
    },
  };

  it.each(Object.entries(HARMS))('are made again at the next look for drift: %s', async (_, harm) => {
    const { host, files, live } = await committed(backend, OFTEN);
    await harm(host);
    await expect.poll(async () => await readBoot(host), { timeout: 20_000 }).toEqual(files);
    expect(await host.namespace.save()).toBe(live);
  });

  it.each(Object.entries(HARMS))(
    'are made again at the start, without a look for drift: %s',
    async (_, harm) => {
      const { host, files } = await committed(backend);
      await host.end();
      await harm(host);
      await host.start();
      await expect.poll(async () => await readBoot(host), { timeout: 20_000 }).toEqual(files);
    },
  );

  it.each(Object.entries(HARMS))('are made again by a push of the same revision: %s', async (_, harm) => {
    const { host, client, files, live } = await committed(backend);
    await harm(host);
    const { data } = await client.run(host.id, { ruleset: rulesetOf(1) });
    expect(data.outcome).toBe('unchanged');
    expect(await readBoot(host)).toEqual(files);
    expect(await host.namespace.save()).toBe(live);
  });

  it('are made again from what was pushed, and not from the live rules, which others have changed', async () => {
    const { host, client, files } = await committed(backend, OFTEN);
    await host.namespace.iptables('-A', 'edge', '-s', '203.0.113.9/32', '-j', 'DROP');
    await rm(boot(host, 'edge.chains.ipv4'));
    await expect.poll(async () => await readBoot(host), { timeout: 20_000 }).toEqual(files);
    await client.event(host.id, 'fleetwall.drift.detected');
  });

  it('are reported in the log if what was pushed is lost, too', async () => {
    const { host } = await committed(backend);
    await host.end();
    await rm(boot(host, 'edge.chains.ipv4'));
    await rm(join(host.stateDir, 'contents'), { recursive: true });
    await host.start();
    await host.logged('A reboot would not bring a ruleset back, as its boot files are lost: push it again');
  });
});

describe.each(mostlyWith('nft'))('a host that is rebooted in the middle of a commit, %s', (backend) => {
  it('gets what is on record, although the boot has loaded a newer file', async () => {
    const { host, client } = await committed(backend);
    await host.end();
    const { file: crash, environment: crashing } = crashesOf(host);
    const environment = { ...OFF, ...crashing };
    const seen = await untilBootIsAhead(host, client, environment, crash);
    const record = await revisionOnRecord(host);
    expect(await readFile(boot(host, 'edge.chains.ipv4'), 'utf8')).toContain(`10.1.${seen.revision}.7/32`);
    await reboot(host, backend);
    expect(await host.namespace.save()).toContain(`10.1.${seen.revision}.7/32`);
    await host.start(OFF);
    expect((await client.completed(seen.id)).data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'worker_restarted' },
      rollback: { performed: true, verified: true },
      ruleset: { liveRevision: record },
    });
    const live = await host.namespace.save();
    expect(live).toContain(`10.1.${record}.7/32`);
    expect(live).not.toContain(`10.1.${seen.revision}.7/32`);
    expect(await readFile(boot(host, 'edge.chains.ipv4'), 'utf8')).toContain(`10.1.${record}.7/32`);
  }, 240_000);

  /** Kills the worker one step later each time, until a new boot file is in place while the record is still the old one. */
  async function untilBootIsAhead(
    host: TestHost,
    client: TestClient,
    environment: Record<string, string>,
    crash: string,
  ) {
    for (let step = FIRST_STEP; step < MOST_STEPS; step += 1) {
      await host.start(environment);
      const ruleset = rulesetOf(step + 1);
      await writeFile(crash, String(step));
      const job = makeJob(host.id, { ruleset });
      await client.publish(host.id, job);
      await host.ended();
      await rm(crash);
      const text = await readFile(boot(host, 'edge.chains.ipv6'), 'utf8');
      const isAhead = text.includes(`2001:db8:${ruleset.revision}::/48`);
      if (isAhead && (await revisionOnRecord(host)) < ruleset.revision)
        return { id: job.id, revision: ruleset.revision };
      await host.start();
      await client.completed(job.id);
      await host.end();
    }
    throw new Error('the record was never behind the boot files');
  }

  /** Simulates a reboot: removes all rules, loads the boot files, and changes the name of the boot. */
  async function reboot(host: TestHost, variant: Backend) {
    for (const program of ['iptables', 'ip6tables']) {
      await host.namespace.run(`${program}-${variant}`, ['-w', '5', '-F']);
      await host.namespace.run(`${program}-${variant}`, ['-w', '5', '-X']);
    }
    await host.namespace.run('sh', [boot(host, 'load')]);
    const journal = join(host.stateDir, 'journal/change.json');
    const text = await readFile(journal, 'utf8');
    await writeFile(journal, text.replace(/"place":"boot [^,"]*/, '"place":"boot another'));
  }
});

it('a digest on record is the digest of its boot file', async () => {
  const { host, files } = await committed('nft');
  const record = await readFile(join(host.stateDir, 'rulesets/edge.json'), 'utf8');
  for (const text of files.slice(0, 2)) {
    expect(record).toContain(
      `sha256:${createHash('sha256')
        .update(text ?? '')
        .digest('hex')}`,
    );
  }
});
