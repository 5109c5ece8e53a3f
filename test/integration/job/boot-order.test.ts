import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { BACKENDS } from '../../support/namespace.ts';

const fixture = new Fixture();

/** A ruleset with a chain for each of these hooks; each hook as `-A INPUT` or `-I INPUT`. */
function ruleset(name: string, hooks: readonly string[], port: number) {
  const rules = hooks.map((hook) => `${hook} -m comment --comment "${hook}" -j ${name}-c\n`);
  const text = `*filter\n:${name}-c - [0:0]\n${rules.join('')}-A ${name}-c -p tcp -m tcp --dport ${port} -j DROP\nCOMMIT\n`;
  return { name, revision: 1, ipv4: text, ipv6: text };
}

async function push(client: TestClient, host: TestHost, ...args: Parameters<typeof ruleset>): Promise<void> {
  const { data } = await client.run(host.id, { ruleset: ruleset(...args) });
  expect(data).toMatchObject({ failure: null, outcome: 'applied' });
}

async function load(host: TestHost, into: TestHost) {
  const args = [`--net=/run/netns/${into.namespace.name}`, '--', 'sh', join(host.folder, 'state/boot/load')];
  const { stdout, stderr } = await execa('nsenter', args, { reject: false, env: { LC_ALL: 'en_US.UTF-8' } });
  return stdout + stderr;
}

/** The hooks of each chain, as they stand. */
async function hooksOn(host: TestHost): Promise<string[]> {
  return (await host.namespace.save()).split('\n').filter((line) => /^-A (?:INPUT|OUTPUT) /.test(line));
}

/** Another host, without a worker. */
async function emptyHost(backend: (typeof BACKENDS)[number]): Promise<TestHost> {
  const host = await fixture.host(backend, { wait: false });
  await host.end('SIGKILL');
  return host;
}

describe.each(BACKENDS)('the hooks of several rulesets after a boot, %s', (backend) => {
  it('stand as they stood, whatever their rulesets are called', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    for (const [name, hooks, port] of [
      ['m', ['-A INPUT', '-A OUTPUT'], 1],
      ['z', ['-A INPUT'], 2],
      ['a', ['-A INPUT', '-A OUTPUT', '-I INPUT'], 3],
      ['web', ['-I INPUT'], 4],
      ['web-admin', ['-I INPUT', '-A INPUT'], 5],
    ] as const)
      await push(client, host, name, hooks, port);
    const live = await hooksOn(host);
    expect(live.filter((line) => line.startsWith('-A INPUT')).map((line) => line.split(' ').at(-1))).toEqual(
      // Those that were inserted by name, then those that were appended by time; of each family.
      [...Array(2)].flatMap(() => ['a-c', 'web-c', 'web-admin-c', 'm-c', 'z-c', 'a-c', 'web-admin-c']),
    );
    await host.end();

    const booted = await emptyHost(backend);
    expect(await load(host, booted)).toBe('');
    expect(await hooksOn(booted)).toEqual(live);

    // A worker that finds nothing live puts all back in that order, too.
    for (const program of ['iptables', 'ip6tables'])
      for (const what of ['-F', '-X']) await host.namespace.run(`${program}-${backend}`, ['-w', '5', what]);
    expect(await hooksOn(host)).toEqual([]);
    await host.start();
    await expect.poll(async () => await hooksOn(host), { timeout: 20_000 }).toEqual(live);
  });

  it('is that of the last time when a hook was put there', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await push(client, host, 'b', ['-A INPUT'], 1);
    await push(client, host, 'a', ['-A INPUT'], 2);
    await client.run(host.id, { action: 'remove', ruleset: { name: 'b', revision: 2 } });
    const again = { ...ruleset('b', ['-A INPUT'], 1), revision: 3 };
    await client.run(host.id, { ruleset: again });
    // What is pushed again leaves its hook where it is.
    const { data } = await client.run(host.id, {
      ruleset: { ...ruleset('a', ['-A INPUT'], 9), revision: 2 },
    });
    expect(data.outcome).toBe('applied');
    const live = await hooksOn(host);
    expect(live[0]).toContain('-j a-c');
    await host.end();
    const booted = await emptyHost(backend);
    expect(await load(host, booted)).toBe('');
    expect(await hooksOn(booted)).toEqual(live);
  });
});

it.each(['-A INPUT', '-I INPUT'])(
  'a hook %s that others take away comes back to its place among those of others',
  async (lost) => {
    const host = await fixture.host('nft', {
      environment: { FLEETWALL_DRIFT: 'repair', FLEETWALL_DRIFT_INTERVAL_SECONDS: '1' },
    });
    const client = await fixture.client();
    for (const [name, port] of [
      ['n', 1],
      ['m', 2],
      ['p', 3],
    ] as const)
      await push(client, host, name, ['-A INPUT', '-I INPUT'], port);
    await host.namespace.iptables('-A', 'INPUT', '-s', '192.0.2.77', '-j', 'ACCEPT');
    const live = await host.namespace.save();
    await host.namespace.iptables('-D', ...`INPUT -m comment --comment`.split(' '), lost, '-j', 'm-c');
    expect(await host.namespace.save()).not.toBe(live);
    await expect.poll(async () => await host.namespace.save(), { timeout: 20_000 }).toBe(live);
  },
);

describe.each(['report', 'repair'])('a ruleset of which nothing is live after a boot, drift %s', (drift) => {
  it('is put back as soon as what its hooks need is there, however often that failed before', async () => {
    const environment = { FLEETWALL_DRIFT: drift, FLEETWALL_DRIFT_INTERVAL_SECONDS: '1' };
    const host = await fixture.host('nft', { environment });
    const client = await fixture.client();
    await host.namespace.iptables('-N', 'DOCKER-USER');
    await host.namespace.run('ip6tables-nft', ['-w', '5', '-N', 'DOCKER-USER']);
    await push(client, host, 'pub', ['-I DOCKER-USER', '-A INPUT'], 5432);
    const live = await host.namespace.save();
    await host.end();
    await host.namespace.run('nft', ['flush', 'ruleset']);
    await host.start();
    const failed = async () => (await host.log()).split('Cannot put back what was committed').length - 1;
    // More often than a fight with another program is fought.
    await expect.poll(failed, { timeout: 40_000 }).toBeGreaterThan(6);
    await host.namespace.iptables('-N', 'DOCKER-USER');
    await host.namespace.run('ip6tables-nft', ['-w', '5', '-N', 'DOCKER-USER']);
    await expect.poll(async () => await host.namespace.save(), { timeout: 20_000 }).toBe(live);
  });
});
