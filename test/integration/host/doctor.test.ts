import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { examine as examineWith } from '../../support/doctor.ts';
import { Fixture } from '../../support/fixture.ts';
import { BACKENDS, TestNamespace } from '../../support/namespace.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const fixture = new Fixture();
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\nCOMMIT\n';
let folder: string;
let namespace: TestNamespace;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-doctor-'));
  namespace = await TestNamespace.create('nft');
});
afterEach(async () => {
  await namespace.remove();
  await rm(folder, { recursive: true });
});

function environment(more: Record<string, string> = {}): Record<string, string> {
  return {
    FLEETWALL_HOST_ID: 'web-1',
    FLEETWALL_AMQP_URL: inject('brokerUrl'),
    FLEETWALL_ALLOW_UNSIGNED: 'true',
    FLEETWALL_NETNS: namespace.name,
    FLEETWALL_STATE_DIR: join(folder, 'state'),
    FLEETWALL_RUN_DIR: join(folder, 'run'),
    ...more,
  };
}

const examine = async (more: Record<string, string> = {}, wrapper: readonly string[] = []) =>
  await examineWith(environment(more), wrapper);

describe.each(BACKENDS)('doctor on a healthy host, %s', (backend) => {
  it('finds no failure, and leaves nothing behind', async () => {
    const before = await namespace.run('nft', ['list', 'ruleset']);
    const { status, findings, of } = await examine({ FLEETWALL_BACKEND: backend });
    expect(status).toBe(0);
    expect(findings.filter(({ verdict }) => verdict === 'failure')).toEqual([]);
    expect([...new Set(findings.map(({ check }) => check))]).toEqual([
      'host',
      'rights',
      'iptables',
      'kernel',
      'ipv6',
      'tables',
      'others',
      'lock',
      'state',
      'drift',
      'authority',
      'broker',
      'clock',
    ]);
    expect(of('iptables', 'ok')).toContain(`${backend}, version 1.8`);
    expect(of('kernel', 'ok')).toContain('conntrack');
    expect(of('broker', 'ok')).toContain('RabbitMQ 3.10');
    expect(of('authority', 'warning')).toContain('need not be signed');
    expect(await namespace.run('nft', ['list', 'ruleset'])).toBe(before);
    expect((await execa('ls', [folder])).stdout).toBe('');
  });

  it('sees a worker that runs, what it has committed, and a job in hand that holds the lock', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await client.run(host.id, { ruleset: { name: 'edge', revision: 4, ipv4: EDGE } });
    const own = {
      FLEETWALL_HOST_ID: host.id,
      FLEETWALL_NETNS: host.namespace.name,
      FLEETWALL_STATE_DIR: host.stateDir,
      FLEETWALL_RUN_DIR: host.runDir,
      FLEETWALL_BACKEND: backend,
    };
    const idle = await examine(own);
    expect(idle.of('state', 'ok')).toContain('edge@4');
    expect(idle.of('drift', 'ok')).toContain('what is live is what was committed');
    // Other tests share the broker, and may have many.
    expect(`${idle.of('broker', 'ok')}${idle.of('broker', 'warning')}`).toMatch(
      /this host has \d+ connections open to it/,
    );
    expect(idle.of('broker', 'ok')).toContain('a worker consumes it');
    expect(idle.of('broker', 'failure')).toBe('');
    // The worker itself may look at the rules for a moment, as they were just written.
    await expect
      .poll(async () => (await examine(own)).of('lock', 'ok'), { timeout: 20_000 })
      .toContain('is free');
    const ruleset = { name: 'edge', revision: 5, ipv4: EDGE.replace('COMMIT', '-A edge -j DROP\nCOMMIT') };
    const job = makeJob(host.id, { ruleset, confirm: { mode: 'manual', timeoutSeconds: 120 } });
    await client.publish(host.id, job);
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    const busy = await examine(own);
    expect(busy.of('drift', 'ok')).toContain('a change is open');
    expect(busy.of('lock', 'warning')).toContain(`host ${host.id}, job `);
    expect(busy.of('state', 'warning')).toContain('edge revision 5');
    const { id, apiVersion, issuedAt, target } = makeJob(host.id, {}) as Record<string, unknown>;
    const abort = { id, apiVersion, issuedAt, target, kind: 'abort', jobId: job.id };
    await client.publish(host.id, abort, {}, CONTROL_EXCHANGE);
    expect((await client.completed(job.id)).data.outcome).toBe('rolled_back');
    // The look of the doctor did no harm to the worker.
    expect((await client.run(host.id, { ruleset })).data.outcome).toBe('applied');
  });
});

describe('doctor finds', () => {
  it.each(BACKENDS)('rules of the other variant of iptables besides those of %s', async (backend) => {
    const other = backend === 'nft' ? 'legacy' : 'nft';
    await namespace.run(`iptables-${other}`, ['-A', 'INPUT', '-s', '192.0.2.1', '-j', 'DROP']);
    const { of } = await examine({ FLEETWALL_BACKEND: backend });
    expect(of('tables', 'warning')).toMatch(
      new RegExp(
        `iptables-${other} as well \\(ipv4: 1 rules in filter\\).*set FLEETWALL_BACKEND to ${other}`,
      ),
    );
  });

  it('which other programs write rules, and what that means', async () => {
    await namespace.restore(
      '*filter\n:DOCKER-USER -\n:f2b-sshd -\n:KUBE-FIREWALL -\n:ufw-user-input -\nCOMMIT\n',
    );
    await namespace.run('nft', ['add', 'table', 'inet', 'firewalld']);
    const { of } = await examine();
    expect(of('others', 'ok')).toMatch(/docker \(chain DOCKER-USER\) → hook into DOCKER-USER/);
    expect(of('others', 'ok')).toMatch(/fail2ban \(chain f2b-sshd\)/);
    expect(of('others', 'ok')).toMatch(/kube-proxy \(chain KUBE-FIREWALL\)/);
    expect(of('others', 'warning')).toMatch(/ufw \(chain ufw-user-input\)/);
    expect(of('others', 'warning')).toMatch(/firewalld \(table inet firewalld\).*use one of the two/);
  });

  it('lists that open flows do not come by', async () => {
    for (const [set, family] of [
      ['fw4.blocked', 'inet'],
      ['fw4.early', 'inet'],
      ['fw6.blocked', 'inet6'],
    ])
      await namespace.run('ipset', ['create', set ?? '', 'hash:net', 'family', family ?? '', 'timeout', '0']);
    const open = '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT';
    const match = (set: string) => `-m set --match-set ${set} src -j DROP`;
    await namespace.restore(
      `*raw\n-A PREROUTING ${match('fw4.early')}\nCOMMIT\n*filter\n:edge - [0:0]\n-A INPUT ${open}\n-A INPUT -j edge\n-A FORWARD -j edge\n-A FORWARD ${open}\n-A edge ${match('fw4.blocked')}\n-A edge ${match('fw4.early')}\nCOMMIT\n`,
    );
    await namespace.restore(`*filter\n-A INPUT ${match('fw6.blocked')}\n-A INPUT ${open}\nCOMMIT\n`, 'ipv6');
    const { findings, of } = await examine();
    expect(findings.filter(({ check }) => check === 'lists')).toHaveLength(1);
    expect(of('lists', 'warning')).toMatch(
      /^list blocked is matched in INPUT only behind "-A INPUT .*ESTABLISHED -j ACCEPT" → .*--cut/,
    );
  });

  it('missing rights, each with what it is needed for', async () => {
    const wrapper = ['--inh-caps=-all', '--bounding-set=-all,+net_admin'];
    const { status, of } = await examine({}, ['/usr/bin/setpriv', ...wrapper]);
    expect(status).toBe(1);
    const rights = of('rights', 'failure');
    expect(rights).toMatch(/CAP_NET_RAW \(for iptables-legacy\), CAP_SYS_ADMIN \(for the network/);
    expect(rights).not.toContain('CAP_NET_ADMIN');
    expect(rights).toContain('in a container, with --cap-add NET_RAW --cap-add SYS_ADMIN;');
    expect(of('kernel', 'failure')).toMatch(
      /no network namespace can be made.*give the worker CAP_SYS_ADMIN/,
    );
  });

  it('a namespace that does not exist, and then checks what else it can', async () => {
    const { status, of } = await examine({ FLEETWALL_NETNS: 'nowhere' });
    expect(status).toBe(1);
    expect(of('host', 'failure')).toContain('ip netns add nowhere');
    expect(of('rights', 'ok')).toContain('CAP_NET_ADMIN');
  });

  it('that IPv6 is switched off', async () => {
    await namespace.run('sysctl', ['-qw', 'net.ipv6.conf.all.disable_ipv6=1']);
    expect((await examine()).of('ipv6', 'ok')).toContain('switched off (disable_ipv6); its rules');
    await namespace.run('sysctl', ['-qw', 'net.ipv6.conf.lo.disable_ipv6=0']);
    expect((await examine()).of('ipv6', 'ok')).toContain('switched off (disable_ipv6) but on lo; its rules');
  });

  it('a state folder that others may write, is damaged, or has events that wait', async () => {
    const state = join(folder, 'state');
    await mkdir(join(state, 'rulesets'), { recursive: true, mode: 0o700 });
    await mkdir(join(state, 'outbox'));
    await writeFile(join(state, 'outbox/1.json'), '{}');
    expect((await examine()).of('state', 'warning')).toContain('events that wait for the broker: 1');
    await writeFile(join(state, 'rulesets/edge.json'), '{"version":1');
    const damaged = await examine();
    expect(damaged.status).toBe(1);
    expect(damaged.of('state', 'failure')).toContain(join(state, 'rulesets/edge.json'));
    await chmod(state, 0o777);
    expect((await examine()).of('state', 'failure')).toContain(`chmod 700 ${state}`);
  });

  it('keys that are missing, that others may write, or that expire', async () => {
    const file = join(folder, 'keys.json');
    const { stdout } = await fleetwall(['keys', 'generate', join(folder, 'ops.key'), '--kid', 'ops']);
    const set = JSON.parse(stdout) as { keys: object[] };
    const notAfter = new Date(Date.now() + 5 * 24 * 3_600_000).toISOString();
    await writeFile(
      file,
      JSON.stringify({ keys: set.keys.map((key) => ({ ...key, fleetwall: { notAfter } })) }),
    );
    const signed = { FLEETWALL_ALLOW_UNSIGNED: 'false', FLEETWALL_TRUSTED_KEYS: file };
    const soon = await examine(signed);
    expect(soon.of('authority', 'ok')).toContain('signed by ops');
    expect(soon.of('authority', 'warning')).toMatch(/the key ops runs out in \d days/);
    await chmod(file, 0o666);
    expect((await examine(signed)).of('authority', 'failure')).toContain('chmod go-w');
    expect((await examine({ FLEETWALL_ALLOW_UNSIGNED: 'false' })).of('authority', 'failure')).toContain(
      'set FLEETWALL_TRUSTED_KEYS',
    );
    await writeFile(join(folder, 'policy.yaml'), 'tabels: [filter]\n');
    expect(
      (await examine({ FLEETWALL_POLICY: join(folder, 'policy.yaml') })).of('authority', 'failure'),
    ).toContain('policy.yaml');
  });

  it('a policy with which the worker does not start, or takes no ruleset', async () => {
    const file = join(folder, 'policy.yaml');
    const policy = { FLEETWALL_POLICY: file };
    await writeFile(file, 'signatures: { signers: 2 }\n');
    const several = await examine(policy);
    expect(several.status).toBe(1);
    expect(several.of('authority', 'failure')).toContain('wants several signers');
    await writeFile(file, 'required:\n  - { name: x, ipv4: "-p tcp --dport 99999 -j ACCEPT", ipv6: null }\n');
    const impossible = await examine(policy);
    expect(impossible.status).toBe(1);
    expect(impossible.of('authority', 'failure')).toMatch(/a rule that this kernel does not take.*99999/);
    await writeFile(file, 'required:\n  - { name: x, ipv4: "-p tcp --dport 22 -j ACCEPT", ipv6: null }\n');
    expect((await examine(policy)).of('authority', 'ok')).toContain('can be obeyed');
  });

  it('that the xtables lock is held', async () => {
    const holder = spawn('flock', ['/run/xtables.lock', 'sleep', '60'], { detached: true });
    try {
      await expect
        .poll(async () => (await examine({ FLEETWALL_BACKEND: 'legacy' })).of('lock', 'warning'))
        .toContain('another program has the xtables lock');
    } finally {
      process.kill(-(holder.pid ?? 0));
      await once(holder, 'exit');
    }
  });

  it('wrong settings, with the same message as the worker', async () => {
    const { status, stderr } = await fleetwall(['doctor'], {
      environment: environment({ FLEETWALL_BACKEND: 'x' }),
    });
    expect(status).toBe(2);
    expect(stderr).toContain('FLEETWALL_BACKEND: must be nft, legacy or auto');
  });
});

describe('doctor at a broker', () => {
  let broker: Rabbitmq;

  beforeAll(async () => {
    broker = await Rabbitmq.start();
    await broker.ctl('add_user', 'web-1', 'right');
    await broker.ctl('add_user', 'stranger', 'right');
    await broker.ctl(
      'set_permissions',
      'web-1',
      '^$',
      String.raw`^fleetwall\.events$`,
      String.raw`^fleetwall\.host\.web-1$`,
    );
    await broker.ctl('set_permissions', 'stranger', '^$', '^$', '^$');
  });
  afterAll(async () => await broker.stop());

  const at = (user: string, password: string) => ({
    FLEETWALL_AMQP_URL: broker.url.replace('amqp://', `amqp://${user}:${password}@`),
  });

  it('distinguishes a wrong password, a broker that does not answer, and missing rights', async () => {
    const wrong = await examine(at('web-1', 'wrong'));
    expect(wrong.status).toBe(1);
    expect(wrong.of('broker', 'failure')).toContain('look at user, password and vhost');
    const gone = await examine({ FLEETWALL_AMQP_URL: 'amqp://127.0.0.1:9' });
    expect(gone.of('broker', 'failure')).toContain('ECONNREFUSED');
    const fresh = await examine(at('web-1', 'right'));
    expect(fresh.status).toBe(0);
    expect(fresh.of('broker', 'warning')).toContain('fleetwall.host.web-1');
    // A worker of an administrator makes what the host needs on the broker.
    const client = await fixture.host('nft', { id: 'web-1', brokerUrl: broker.url, wait: false });
    await client.logged('Consuming');
    await expect
      .poll(async () => (await examine(at('web-1', 'right'))).of('broker', 'ok'))
      .toContain('a worker consumes it');
    expect((await examine(at('web-1', 'right'))).of('broker', 'failure')).toBe('');
    await client.end();
    const own = await examine(at('web-1', 'right'));
    expect(own.of('broker', 'failure')).toBe('');
    expect(own.of('broker', 'ok')).toContain('this host has 0 connections open to it');
    expect(own.of('broker', 'ok')).toContain('no worker consumes it');
    const stranger = await examine(at('stranger', 'right'));
    expect(stranger.status).toBe(1);
    expect(stranger.of('broker', 'failure')).toMatch(/no right to read the jobs of web-1: .*ACCESS_REFUSED/s);
    expect(stranger.of('broker', 'failure')).toMatch(
      /no right to publish events of web-1: .*ACCESS_REFUSED/s,
    );
  });

  it('that its limit of connections is reached, and how many this host has', async () => {
    const open = await Promise.all([0, 1].map(async () => await connect(broker.url)));
    await broker.ctl('set_vhost_limits', '{"max-connections": 2}');
    try {
      const { status, of } = await examine(at('web-1', 'right'));
      expect(status).toBe(1);
      expect(of('broker', 'failure')).toMatch(
        /a limit of connections is reached.*list_vhost_limits.*this host has 2 connections open to it.*needs two/,
      );
    } finally {
      await broker.ctl('clear_vhost_limits');
      await Promise.all(open.map(async (one) => await one.close()));
    }
  });
});
