import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { makeJob } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { StatusReader } from '../../support/metrics.ts';

const fixture = new Fixture();
const ruleset = (revision: number, address = `192.0.2.${revision}`) => ({
  name: 'edge',
  revision,
  ipv4: `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s ${address}/32 -j DROP\nCOMMIT\n`,
});

const mounted: string[] = [];
afterEach(async () => {
  for (const path of mounted.splice(0)) await execa('umount', ['-l', path]);
});

/** Mounts a folder of its own, which can be made read-only. It outlives the worker. */
async function mount(path: string): Promise<(how: 'ro' | 'rw') => Promise<void>> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await execa('mount', ['-t', 'tmpfs', '-o', 'mode=700,size=4m', 'tmpfs', path]);
  mounted.push(path);
  return async (how) => {
    await execa('mount', ['-o', `remount,${how}`, path]);
  };
}

/** A host whose state folder, or a part of it, can be made read-only. */
async function hostWith(part: string, environment: Record<string, string> = {}) {
  const host = await fixture.host('nft', { wait: false, environment });
  await host.end('SIGKILL');
  await rm(host.stateDir, { recursive: true, force: true });
  const remount = await mount(join(host.stateDir, part));
  await host.start();
  return { host, remount };
}

const liveRules = async (host: TestHost) => await host.namespace.save();

describe.each(['', 'results'])('a job that ends while /%s of the state folder takes nothing', (part) => {
  it('has that end when it comes again, to this worker or to one after a kill, and is not run again', async () => {
    const { host, remount } = await hostWith(part);
    const client = await fixture.client();
    expect((await client.run(host.id, { ruleset: ruleset(1) })).data.outcome).toBe('applied');
    await remount('ro');
    const job = makeJob(host.id, { ruleset: ruleset(2) });
    await client.publish(host.id, job);
    const first = await client.completed(job.id);
    expect(first.data.outcome).toBe(part === '' ? 'failed' : 'applied');
    const live = await liveRules(host);

    await remount('rw');
    await client.publish(host.id, job);
    expect(await client.completed(job.id, 2)).toEqual(first);

    await remount('ro');
    const other = makeJob(host.id, { ruleset: ruleset(3) });
    await client.publish(host.id, other);
    const second = await client.completed(other.id);
    await host.end('SIGKILL');
    await remount('rw');
    await host.start();
    await client.publish(host.id, other);
    await client.publish(host.id, job);
    expect(await client.completed(other.id, 2)).toEqual(second);
    expect(await client.completed(job.id, 3)).toEqual(first);
    if (part === '') expect(await liveRules(host)).toBe(live);

    // Now they are where they belong, which outlives the machine.
    const kept = async () => await readdir(join(host.stateDir, 'results'));
    await expect.poll(kept).toEqual(expect.arrayContaining([`${job.id}.json`, `${other.id}.json`]));
    const next = await client.run(host.id, { ruleset: ruleset(4) });
    expect(next.data.outcome).toBe('applied');
  });
});

describe('a state folder that is taken away while the worker runs', () => {
  it.each(['nothing', 'an empty folder'])('with %s in its place lets no job be run', async (what) => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const job = makeJob(host.id, { ruleset: ruleset(1) });
    await client.publish(host.id, job);
    await client.completed(job.id);
    expect((await client.run(host.id, { ruleset: ruleset(2) })).data.outcome).toBe('applied');
    const live = await liveRules(host);
    const aside = `${host.stateDir}-aside`;
    await rename(host.stateDir, aside);
    if (what !== 'nothing') await mkdir(host.stateDir, { mode: 0o700 });

    // It has ended before, and how it did cannot be told now.
    await client.publish(host.id, job);
    const unheard = await client.run(host.id, { ruleset: ruleset(3) });
    const removal = await client.run(host.id, { action: 'remove', ruleset: { name: 'edge', revision: 4 } });
    const list = { name: 'bad', revision: 1, entries: ['198.51.100.1'] };
    const listed = await client.run(host.id, { action: 'list.replace', list });
    for (const { data } of [unheard, removal, listed]) {
      expect(data).toMatchObject({
        outcome: 'failed',
        changed: false,
        failure: { code: 'state_unavailable' },
      });
      expect(data.failure?.message).toContain(host.stateDir);
    }
    expect(await liveRules(host)).toBe(live);
    expect(client.completions(job.id)).toHaveLength(1);
    // Nothing stands in its way when it is put back.
    if (what !== 'nothing') expect(await readdir(host.stateDir)).toEqual([]);

    await rm(host.stateDir, { recursive: true, force: true });
    await rename(aside, host.stateDir);
    await client.publish(host.id, job);
    expect(await client.completed(job.id, 2)).toEqual(await client.completed(job.id));
    const { data } = await client.run(host.id, { ruleset: ruleset(5) });
    expect(data).toMatchObject({ outcome: 'applied', ruleset: { liveRevision: 5 } });
  });
});

describe('a host that would fail its jobs', () => {
  it.each(['read-only', 'damaged'])('with a %s state folder says so, until it is mended', async (how) => {
    const pages = await StatusReader.choose();
    const { host, remount } = await hostWith('', pages.environment);
    const client = await fixture.client();
    expect((await client.run(host.id, { ruleset: ruleset(1) })).data.outcome).toBe('applied');
    const run = async (...args: string[]) =>
      await fleetwall([...args, '--host', host.id], {
        input: ruleset(2).ipv4,
        environment: { FLEETWALL_AMQP_URL: inject('brokerUrl') },
      });
    expect(await run('status')).toMatchObject({ status: 0, stdout: expect.not.stringContaining('unready') });
    const record = join(host.stateDir, 'rulesets/edge.json');
    const whole = await readFile(record);
    if (how === 'damaged') await writeFile(record, whole.subarray(0, 20));
    else await remount('ro');

    const told = await run('status', '--unready');
    expect(told).toMatchObject({ status: 4, stderr: '' });
    expect(told.stdout).toMatch(/^1 host: 1 online; 1 unready$/m);
    expect(told.stdout).toMatch(new RegExp(`^${host.id} +online unready `, 'm'));
    const { failure } = (await client.run(host.id, { ruleset: ruleset(2) })).data;
    expect(failure).toMatchObject({ code: 'state_unavailable' });
    // As the end of the job says it, but for the file that was to be written.
    const reason =
      how === 'damaged' ? failure?.message : `the state in ${host.stateDir} cannot be used: EROFS`;
    expect(told.stdout).toContain(`${host.id} would fail its jobs: state: ${reason}`);
    const planned = await run('rollout', '-', '--name', 'edge', '--dry-run');
    expect(planned.stdout).toContain(`${host.id} would fail its jobs: state: `);
    const sample = async () => (await pages.samples()).get('fleetwall_unready{check="state"}');
    expect(await sample()).toBe(1);

    if (how === 'damaged') await writeFile(record, whole);
    else await remount('rw');
    expect(await run('status')).toMatchObject({ status: 0, stdout: expect.not.stringContaining('unready') });
    expect(await sample()).toBe(0);
  });
});
