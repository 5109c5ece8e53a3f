import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { StatusReader } from '../../support/metrics.ts';

const fixture = new Fixture();
const RULESET = {
  name: 'edge',
  revision: 1,
  ipv4: '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n',
};

describe('a state folder', () => {
  it('is one worker’s: a second one ends, and says whose it is, also when the first does not run', async () => {
    const first = await fixture.host('nft');
    const environment = { FLEETWALL_STATE_DIR: first.stateDir };
    const second = await fixture.host('nft', { environment, wait: false });
    expect(await second.ended()).toBe(2);
    const name = `host ${first.id} in the network namespace ${first.namespace.name}`;
    expect(await second.log()).toContain(`${first.stateDir} is in use by the worker of ${name}`);
    await first.end('SIGKILL');
    second.spawn();
    expect(await second.ended()).toBe(2);
    expect(await second.log()).toContain(`${first.stateDir} holds the state of ${name}, and not of`);
    // Nothing of it was touched, and its own worker goes on with it.
    await first.start();
    const client = await fixture.client();
    expect((await client.run(first.id, { ruleset: RULESET })).data.outcome).toBe('applied');
  });

  it('that cannot be made is told by each job, and the worker ends as it is told to', async () => {
    // Nothing can be made there, as the system says, although /proc is there.
    const host = await fixture.host('nft', { environment: { FLEETWALL_STATE_DIR: '/proc/fleetwall' } });
    const client = await fixture.client();
    const { data } = await client.run(host.id, { ruleset: RULESET });
    expect(data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'state_unavailable', message: expect.stringContaining("mkdir '/proc/fleetwall'") },
    });
    await host.end('SIGTERM');
  });

  it('is not written to by a command for other rules', async () => {
    const first = await fixture.host('nft');
    const other = await fixture.host('nft');
    const settings = { FLEETWALL_STATE_DIR: first.stateDir, FLEETWALL_RUN_DIR: first.runDir };
    const apply = async (netns: string) =>
      await execa(
        process.execPath,
        ['dist/cli/main.js', 'apply', '-', '--name', 'edge', '--revision', '1', '--netns', netns],
        { input: RULESET.ipv4, env: { ...settings, FLEETWALL_BACKEND: 'nft' }, reject: false },
      );
    const refused = await apply(other.namespace.name);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(`${first.stateDir} holds the state of`);
    // Who gives it by hand need not know under which id the host works.
    expect((await apply(first.namespace.name)).exitCode).toBe(0);
  });
});

const TMPFS = 'mkdir -p $DIR && mount -t tmpfs -o mode=700,size=256k tmpfs $DIR';
const FULL = `${TMPFS} && { dd if=/dev/zero of=$DIR/filler bs=1k 2>/dev/null; true; }`;
const READ_ONLY = `${TMPFS} && mount -o remount,ro $DIR`;

const inside = async (host: TestHost, ...command: string[]) =>
  await execa('nsenter', ['-t', String(host.pid), '-m', ...command]);

describe.each([
  {
    what: 'the state folder is full',
    mount: FULL.replaceAll('$DIR', '$STATE'),
    mend: async (host: TestHost) => await inside(host, 'rm', join(host.stateDir, 'filler')),
    checks: { state: expect.stringContaining('ENOSPC') },
  },
  {
    what: 'the state folder is read-only',
    mount: READ_ONLY.replaceAll('$DIR', '$STATE'),
    mend: async (host: TestHost) => await inside(host, 'mount', '-o', 'remount,rw', host.stateDir),
    checks: { state: expect.stringContaining('EROFS') },
  },
  {
    what: 'the run folder is read-only',
    mount: READ_ONLY.replaceAll('$DIR', '$STATE/../run'),
    mend: async (host: TestHost) => await inside(host, 'mount', '-o', 'remount,rw', host.runDir),
    checks: { lock: expect.stringContaining('EROFS') },
  },
])('a worker that starts while $what', ({ mount, mend, checks }) => {
  it('answers jobs with that, is not ready, and goes on when it is mended', async () => {
    const pages = await StatusReader.choose();
    const host = await fixture.host('nft', {
      holdable: true,
      mounts: [mount],
      environment: pages.environment,
    });
    const client = await fixture.client();
    const { data } = await client.run(host.id, { ruleset: RULESET });
    expect(data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'state_unavailable', stage: 'host', retryable: true },
      rollback: { performed: false },
    });
    const readiness = async () => {
      const { status, body } = await pages.json('/readyz');
      return { status, checks: (body as { checks: object }).checks };
    };
    expect(await readiness()).toMatchObject({ status: 503, checks });
    await mend(host);
    expect((await client.run(host.id, { ruleset: RULESET })).data.outcome).toBe('applied');
    await expect.poll(async () => (await readiness()).status, { timeout: 10_000 }).toBe(200);
  });
});
