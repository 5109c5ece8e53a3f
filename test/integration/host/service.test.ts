import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import { layGatewayNetwork } from '../../support/gateway-network.ts';
import { BACKENDS, TestNamespace } from '../../support/namespace.ts';
import { bigRuleset } from '../../support/rulesets.ts';

const fixture = new Fixture();
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';
/** Of ten, by `systemd-analyze security`. Two tenths of it are the packets that tests of rulesets are. */
const MOST_EXPOSED = 2.6;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-service-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

describe('the units', () => {
  it('are written, are valid, and have a low exposure', async () => {
    const { status, stdout } = await fleetwall([
      'service',
      'install',
      '--root',
      folder,
      '--exec',
      '/bin/true',
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain('systemctl enable --now fleetwall.service');
    const units = ['fleetwall', 'fleetwall-boot'].map((name) =>
      join(folder, `etc/systemd/system/${name}.service`),
    );
    for (const unit of units) {
      const verified = await execa('systemd-analyze', ['verify', '--man=no', unit], {
        reject: false,
        all: true,
      });
      expect(verified.all).toBe('');
      const security = await execa('systemd-analyze', ['security', '--offline=true', '--no-pager', unit]);
      const exposure = /Overall exposure level for .*: ([\d.]+)/.exec(security.stdout)?.[1];
      expect(Number(exposure)).toBeLessThanOrEqual(MOST_EXPOSED);
    }
    // systemd accepts the files about users and folders.
    await mkdir(join(folder, 'run'));
    await execa('systemd-sysusers', ['--root', folder]);
    await execa('systemd-tmpfiles', [
      '--root',
      folder,
      '--create',
      join(folder, 'etc/tmpfiles.d/fleetwall.conf'),
    ]);
    const { stdout: modes } = await execa(
      'stat',
      ['-c', '%a %n', 'var/lib/fleetwall', 'var/log/fleetwall', 'run/xtables.lock'],
      { cwd: folder },
    );
    expect(modes).toBe('700 var/lib/fleetwall\n750 var/log/fleetwall\n600 run/xtables.lock');
  });

  it('can also be printed', async () => {
    const { stdout } = await fleetwall(['service', 'print', '--json']);
    const { files } = JSON.parse(stdout) as { files: { path: string; text: string }[] };
    expect(files.map(({ path }) => path)).toContain('/etc/systemd/system/fleetwall.service');
    expect(files[0]?.text).toMatch(
      /ExecStart=\/\S+node --max-semi-space-size=4 --disable-\S+ \/\S+main\.js worker\n/,
    );
  });
});

describe.each(BACKENDS)('a worker with the rights of its unit, %s', (backend) => {
  it('can do all of its work', async () => {
    const { stdout } = await fleetwall(['service', 'print']);
    const rights = /^CapabilityBoundingSet=(.*)$/m.exec(stdout)?.[1] ?? '';
    const only = rights.split(' ').map((right) => `+${right.replace('CAP_', '').toLowerCase()}`);
    const wrapper = [
      '/usr/bin/setpriv',
      '--no-new-privs',
      '--inh-caps=-all',
      `--bounding-set=-all,${only.join(',')}`,
    ];
    const host = await fixture.host(backend, { wrapper });
    const client = await fixture.client();
    const confirm = { mode: 'probe', timeoutSeconds: 10 };
    const run = async (fields: object) => (await client.run(host.id, { confirm, ...fields })).data;
    await host.namespace.run('ipset', ['create', 'known', 'hash:ip']);
    const ipv4 = EDGE.replace('COMMIT', '-A edge -m set --match-set known src -j ACCEPT\nCOMMIT');
    expect(
      await run({
        ruleset: { name: 'edge', revision: 1, ipv4, ipv6: EDGE.replace('192.0.2.1/32', '::1/128') },
      }),
    ).toMatchObject({ outcome: 'applied' });
    expect(
      (await run({ ruleset: { name: 'edge', revision: 2, ipv4: EDGE.replace('DROP', 'NOPE') } })).failure
        ?.code,
    ).toMatch(/ruleset_invalid|rule_rejected/);
    expect(await run({ action: 'rollback', ruleset: { name: 'edge', revision: 3 } })).toMatchObject({
      outcome: 'rejected',
    });
    expect(await run({ action: 'remove', ruleset: { name: 'edge', revision: 4 } })).toMatchObject({
      outcome: 'removed',
    });
    await layGatewayNetwork(host.namespace);
    const tests = [{ name: 'no telnet', from: '203.0.113.1', protocol: 'tcp', port: 23, expect: 'drop' }];
    const telnet = EDGE.replace('-s 192.0.2.1/32', '-p tcp --dport 23');
    expect(await run({ ruleset: { name: 'edge', revision: 5, ipv4: telnet, tests } })).toMatchObject({
      outcome: 'applied',
      tests: { passed: 1 },
    });
    const whole = await run({
      ruleset: {
        name: 'nat',
        revision: 1,
        scope: 'tables',
        ipv4: '*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n',
      },
    });
    expect(whole.outcome).toBe('applied');
  });
});

describe('systemd', () => {
  it('is told that the worker is ready, alive and stopping, as if by the worker itself', async () => {
    const socket = join(folder, 'notify');
    const listener = spawn('/usr/bin/python3', [join(import.meta.dirname, 'notify_listener.py'), socket]);
    const heard: string[] = [];
    const lines = createInterface(listener.stdout);
    lines.on('line', (line) => heard.push(line));
    const hears = async (pattern: RegExp) =>
      await expect.poll(() => heard.find((line) => pattern.test(line)), { timeout: 20_000 }).toBeDefined();
    await hears(/^listening/);
    const host = await fixture.host('nft', {
      environment: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '600000' },
    });
    await hears(new RegExp(`^${host.pid} READY=1 STATUS=host ${host.id}, iptables`));
    await hears(new RegExp(`^${host.pid} WATCHDOG=1`));
    const pid = host.pid;
    await host.end();
    await hears(new RegExp(`^${pid} STOPPING=1`));
    listener.kill();
  });
});

describe('the rules at boot', () => {
  it.each(BACKENDS)(
    'are loaded by the command of the unit without anything else of fleetwall: %s',
    async (backend) => {
      const host = await fixture.host(backend);
      const client = await fixture.client();
      for (const [name, text] of [
        ['edge', EDGE],
        ['big', bigRuleset(50)],
      ] as const) {
        await client.run(host.id, { ruleset: { name, revision: 1, ipv4: text } });
      }
      const live = await host.namespace.save();
      const { stdout } = await fleetwall(['service', 'print']);
      const command = /^ExecStart=(\/bin\/sh) (.*)$/m.exec(stdout);
      const script = command?.[2]?.replace('/var/lib/fleetwall', host.stateDir) ?? '';
      const afresh = await TestNamespace.create(backend);
      await afresh.run(command?.[1] ?? '', [script]);
      expect((await afresh.save()).split('\n').toSorted()).toEqual(live.split('\n').toSorted());
      await afresh.remove();
    },
  );
});
