import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { mostlyWith } from '../../support/namespace.ts';

const fixture = new Fixture();
const PAIR = {
  ipv4: '*filter\n:edge - [0:0]\n-I INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n',
  ipv6: '*filter\n:edge - [0:0]\n-A FORWARD -j edge\n-A edge -s 2001:db8::/32 -j DROP\nCOMMIT\n',
};

describe.each(mostlyWith('nft'))('a restore that misbehaves, %s', (backend) => {
  it.each([
    ['is the first', 0],
    ['is the second of two', 1],
  ] as const)('because it takes a minute leaves the host as it was, if it %s', async (_, skip) => {
    const environment = { FLEETWALL_APPLY_TIMEOUT_SECONDS: '2' };
    const host = await fixture.host(backend, { holdable: true, environment });
    const client = await fixture.client();
    await host.namespace.iptables('-A', 'INPUT', '-s', '203.0.113.9/32', '-j', 'DROP');
    const before = await host.namespace.save();
    await host.sabotage('slow', skip);
    const { data } = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ...PAIR } });
    expect(data).toMatchObject({
      outcome: 'failed',
      changed: false,
      failure: { code: 'apply_timeout', stage: 'apply', retryable: true },
      rollback: { performed: skip > 0, verified: true },
    });
    expect(await host.namespace.save()).toBe(before);
    const again = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ...PAIR } });
    expect(again.data.outcome).toBe('applied');
  });

  it.each([
    ['is killed', 'dies'],
    ['says that it failed though it did not', 'lies'],
    ['writes megabytes to standard error', 'shouts'],
  ] as const)('because it %s is judged by what is live, and repeated if necessary', async (_, mode) => {
    const host = await fixture.host(backend, { holdable: true });
    const client = await fixture.client();
    await host.sabotage(mode, 1);
    const { data } = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ...PAIR } });
    const live = await host.namespace.save();
    expect(data.outcome).toBe('applied');
    expect(live).toContain('192.0.2.1/32');
    expect(live).toContain('2001:db8::/32');
    const { data: report } = await client.run(host.id, { action: 'report' });
    expect(report.report?.rulesets.map(({ inSync }) => inSync)).toEqual([true]);
  });

  it.each(['lies', 'dies', 'slow'] as const)(
    'in the way "%s" during the undo does not keep the change from being taken back',
    async (mode) => {
      const environment = { FLEETWALL_APPLY_TIMEOUT_SECONDS: '2' };
      const host = await fixture.host(backend, { holdable: true, environment });
      const client = await fixture.client();
      const before = await host.namespace.save();
      // Both tables are applied, and nothing answers the probe. The third restore is the first of the undo, and misbehaves.
      await writeFile(
        join(host.folder, 'probes.yaml'),
        'probes: [{ tcp: "127.0.0.1:9", timeoutSeconds: 1 }]\n',
      );
      await host.end();
      await host.start({ FLEETWALL_PROBES: join(host.folder, 'probes.yaml') });
      await host.sabotage(mode, 2);
      const confirm = { mode: 'probe', timeoutSeconds: 1 };
      const { data } = await client.run(host.id, {
        ruleset: { name: 'edge', revision: 1, ...PAIR },
        confirm,
      });
      expect(data).toMatchObject({
        outcome: 'rolled_back',
        failure: { code: 'probe_failed' },
        rollback: { performed: true, verified: true },
      });
      expect(await host.namespace.save()).toBe(before);
    },
  );
});

describe('a state folder that cannot be written', () => {
  const small = ['mkdir -p $STATE && mount -t tmpfs -o mode=700,size=256k tmpfs $STATE'];

  it('because the disk is full lets no job change anything', async () => {
    const host = await fixture.host('nft', { holdable: true, mounts: small });
    const client = await fixture.client();
    const before = await host.namespace.save();
    const filler = join(host.workersStateDir, 'filler');
    await execa('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k'], { reject: false });
    const ruleset = { name: 'edge', revision: 1, ...PAIR };
    const { data } = await client.run(host.id, { ruleset });
    expect(data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'state_unavailable', stage: 'host', retryable: true },
      rollback: { performed: false },
    });
    expect(data.failure?.message).toContain('ENOSPC');
    expect(await host.namespace.save()).toBe(before);
    await rm(filler);
    expect((await client.run(host.id, { ruleset })).data.outcome).toBe('applied');
  });

  /** A job whose restore is held, and goes on once something has happened to the folder. */
  async function jobWhile(host: TestHost, client: TestClient, happens: () => Promise<unknown>) {
    await host.holdNextRestore('live', 1);
    const job = makeJob(host.id, { ruleset: { name: 'edge', revision: 1, ...PAIR } });
    await client.publish(host.id, job);
    const restore = await host.heldRestore();
    await happens();
    process.kill(restore, 'SIGCONT');
    return (await client.completed(job.id)).data;
  }

  it('because the disk fills up in the middle of a job does not spoil the job: all that it needs is written before', async () => {
    const host = await fixture.host('nft', { holdable: true, mounts: small });
    const client = await fixture.client();
    const filler = join(host.workersStateDir, 'filler');
    const data = await jobWhile(
      host,
      client,
      async () => await execa('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k'], { reject: false }),
    );
    expect(data).toMatchObject({ outcome: 'applied', ruleset: { liveRevision: 1 } });
    const applied = await host.namespace.save();
    await rm(filler);
    const again = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ...PAIR } });
    expect(again.data.outcome).toBe('unchanged');
    expect(await host.namespace.save()).toBe(applied);
  });

  it('because it becomes read-only in the middle of a job makes the worker take the change back', async () => {
    const host = await fixture.host('nft', { holdable: true, mounts: small });
    const client = await fixture.client();
    const before = await host.namespace.save();
    const remount = (how: string) =>
      execa('nsenter', ['-t', String(host.pid), '-m', 'mount', '-o', `remount,${how}`, host.stateDir]);
    const data = await jobWhile(host, client, async () => await remount('ro'));
    expect(data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'state_unavailable' },
      rollback: { performed: true, verified: true },
    });
    expect(await host.namespace.save()).toBe(before);
    await remount('rw');
    const again = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ...PAIR } });
    expect(again.data.outcome).toBe('applied');
  });

  it('because it is mounted read-only lets no job change anything', async () => {
    const host = await fixture.host('nft', { holdable: true, mounts: small });
    const client = await fixture.client();
    const before = await host.namespace.save();
    const remount = (how: string) =>
      execa('nsenter', ['-t', String(host.pid), '-m', 'mount', '-o', `remount,${how}`, host.stateDir]);
    await remount('ro');
    const ruleset = { name: 'edge', revision: 1, ...PAIR };
    const { data } = await client.run(host.id, { ruleset });
    expect(data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'state_unavailable' },
      rollback: { performed: false },
    });
    expect(data.failure?.message).toContain('EROFS');
    expect(await host.namespace.save()).toBe(before);
    await remount('rw');
    expect((await client.run(host.id, { ruleset })).data.outcome).toBe('applied');
  });
});

describe('state files that are damaged', () => {
  it('make each job fail with a clear reason, and do not end the worker', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const ruleset = { name: 'edge', revision: 1, ...PAIR };
    await client.run(host.id, { ruleset });
    const live = await host.namespace.save();
    await host.end();
    const file = join(host.stateDir, 'rulesets/edge.json');
    await writeFile(file, '{"version":1,"name":"ed');
    await host.start();
    const { data } = await client.run(host.id, { ruleset: { ...ruleset, revision: 2 } });
    expect(data).toMatchObject({ outcome: 'failed', failure: { code: 'state_unavailable', stage: 'host' } });
    expect(data.failure?.message).toContain(file);
    expect(await host.namespace.save()).toBe(live);
    // As the message says: the file is moved away, and the ruleset pushed again with its chains in `adopt`.
    await rm(file);
    const again = await client.run(host.id, { ruleset: { ...ruleset, revision: 2, adopt: ['edge'] } });
    expect(again.data.outcome).toBe('unchanged');
  });

  it('with the snapshot of a change that was cut short do not keep the host from getting back what was committed', async () => {
    const host = await fixture.host('nft', { holdable: true });
    const client = await fixture.client();
    const ruleset = { name: 'edge', revision: 1, ...PAIR };
    await client.run(host.id, { ruleset });
    const live = await host.namespace.save();
    const { job } = await cutShort(host, client);
    await writeFile(join(host.stateDir, 'journal/snapshot.ipv4'), '*filter\n');
    await host.start();
    expect((await client.completed(job.id)).data).toMatchObject({
      failure: { code: 'worker_restarted' },
      rollback: { performed: true, verified: true },
    });
    expect(await host.namespace.save()).toBe(live);
  });

  it('with the journal itself: it is put aside, the log says so, and the worker takes jobs', async () => {
    const host = await fixture.host('nft', { holdable: true });
    const client = await fixture.client();
    const { job } = await cutShort(host, client);
    await writeFile(join(host.stateDir, 'journal/change.json'), '{');
    await host.start();
    await host.logged('The journal is damaged');
    expect(await readdir(join(host.stateDir, 'journal'))).toContain('change.json.damaged');
    expect((await client.completed(job.id)).data.failure?.code).toBe('chain_conflict');
    const ruleset = { name: 'edge', revision: 3, ...PAIR, adopt: ['edge'] };
    expect((await client.run(host.id, { ruleset })).data.outcome).toBe('applied');
  });

  /** Kills a worker together with its second restore, after the first restore has ended. */
  async function cutShort(
    host: Awaited<ReturnType<typeof fixture.host>>,
    client: Awaited<ReturnType<typeof fixture.client>>,
  ) {
    await host.holdNextRestore('live', 1);
    const changed = {
      ipv4: PAIR.ipv4.replace('192.0.2.1', '192.0.2.8'),
      ipv6: PAIR.ipv6.replace('db8', 'db9'),
    };
    const job = makeJob(host.id, { ruleset: { name: 'edge', revision: 2, ...changed } });
    await client.publish(host.id, job);
    const restore = await host.heldRestore();
    await host.end('SIGKILL');
    process.kill(restore, 'SIGKILL');
    expect(await host.namespace.save()).toContain('192.0.2.8');
    return { job };
  }
});
