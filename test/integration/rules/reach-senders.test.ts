import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsFor } from '../../support/command-line.ts';
import { Engine } from '../../support/engine.ts';
import { layGatewayNetwork } from '../../support/gateway-network.ts';
import { BACKENDS, TestNamespace } from '../../support/namespace.ts';
import { told } from '../../support/told-reach.ts';

const CLI = join(import.meta.dirname, '../../../dist/cli/main.js');

describe.each(BACKENDS)('what a change opens and closes, by who sends it, and by marks (%s)', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.open(backend);
    await layGatewayNetwork(engine.namespace);
  });
  afterAll(async () => await engine.close());

  const check = async (text: string, family: 'ipv4' | 'ipv6' = 'ipv4') => {
    const { end } = await engine.run('check', { name: family, scope: 'tables', [family]: text });
    expect(end.failure).toBeNull();
    return told(end.diff?.reach).toSorted();
  };
  const apply = async (text: string, family: 'ipv4' | 'ipv6' = 'ipv4') => {
    const { end } = await engine.run('apply', { name: family, scope: 'tables', [family]: text });
    expect(end.failure).toBeNull();
  };
  const filter = (input: string, ...rules: string[]) =>
    `*filter\n:INPUT ${input}\n:FORWARD DROP\n:OUTPUT ACCEPT\n${rules.map((rule) => `-A ${rule}\n`).join('')}COMMIT\n`;

  it('is seen for users and groups of the host', async () => {
    const mail = 'OUTPUT -p tcp --dport 25 -j REJECT --reject-with tcp-reset';
    await apply(filter('ACCEPT', mail));
    const rules = [
      'OUTPUT -p tcp --dport 25 -m owner --uid-owner 33 -j ACCEPT', // 5
      mail,
      'OUTPUT -o eth0 -p udp -m owner ! --uid-owner 0-999 --gid-owner 44 -j DROP',
      'OUTPUT -p icmp -m owner --gid-owner 50 -j REJECT',
      'OUTPUT -p tcp --dport 81 -m owner --socket-exists -j DROP',
      'OUTPUT -p tcp --dport 81 -m owner --uid-owner 34 -j DROP', // 10
      'OUTPUT -d 127.0.0.1 -p tcp --dport 9200 -m owner ! --uid-owner 35 -j DROP',
      // Nobody is left.
      'OUTPUT -p tcp --dport 82 -m owner ! --uid-owner 0-4294967294 -j DROP',
    ];
    expect(await check(filter('ACCEPT', ...rules))).toEqual(
      [
        'opens 25/tcp to 0.0.0.0/0 of uid 33 (5)',
        'closes udp to 0.0.0.0/0 out by eth0 of uid other than 0-999 of gid 44 (7)',
        'closes icmp to 0.0.0.0/0 of gid 50 (8)',
        'closes 81/tcp to 0.0.0.0/0 (9)',
        'none 81/tcp to 0.0.0.0/0 of uid 34 (10)',
        'closes 9200/tcp to 127.0.0.1 of uid other than 35 (11)',
        'none  (12)',
      ].toSorted(),
    );
    await apply(filter('ACCEPT', ...rules));
    expect(await check(filter('ACCEPT', ...rules.toSpliced(0, 1).toSpliced(2, 1)))).toEqual(
      [
        'closes 25/tcp to 0.0.0.0/0 of uid 33 (5 removed)',
        'opens icmp to 0.0.0.0/0 of gid 50 (8 removed)',
      ].toSorted(),
    );
    await apply(filter('ACCEPT'), 'ipv6');
    const ipv6 = [
      'OUTPUT -p udp -m owner --uid-owner 33 -j REJECT',
      'OUTPUT -p udp -m owner --uid-owner 34 -j RETURN',
      'OUTPUT -o lo -p tcp -m owner --uid-owner 34 -j REJECT',
    ];
    expect(await check(filter('ACCEPT', ...ipv6), 'ipv6')).toEqual(
      [
        'closes udp to ::/0 of uid 33 (5)',
        'none udp to ::/0 of uid 34 (6)',
        'closes tcp to ::/0 out by lo of uid 34 (7)',
      ].toSorted(),
    );
  });

  it('is seen for neighbours by their MAC address', async () => {
    const mac = (last: number) => `-m mac --mac-source 02:00:00:00:00:0${last}`;
    const rules = [
      `INPUT -p tcp --dport 22 ${mac(7)} -j ACCEPT`, // 5
      `INPUT -i eth1 -p icmp ${mac(8)} -j ACCEPT`,
    ];
    await apply(filter('DROP', ...rules));
    const next = filter(
      'DROP',
      `INPUT -p tcp --dport 22 ${mac(9)} -j ACCEPT`, // 5
      ...rules.slice(1),
      `FORWARD -i eth1 -o eth0 -p udp ${mac(9)} -j ACCEPT`,
      'INPUT -p tcp --dport 80 -m mac ! --mac-source 02:00:00:00:00:07 -j ACCEPT',
      // A group sends nothing.
      'INPUT -p tcp --dport 81 -m mac --mac-source 01:00:5e:00:00:01 -j ACCEPT',
      `INPUT -p tcp --dport 22 -s 192.0.2.0/24 ${mac(9)} -j ACCEPT`, // 10
    );
    const both = 'to 0.0.0.0/0 by eth1 out by eth0';
    expect(await check(next)).toEqual(
      [
        'opens 22/tcp from 0.0.0.0/0 by MAC 02:00:00:00:00:09 (5)',
        `opens udp from 0.0.0.0/0 ${both} by MAC 02:00:00:00:00:09 (7)`,
        'opens 80/tcp from 0.0.0.0/0 by MAC other than 02:00:00:00:00:07 (8)',
        'none  (9)',
        'none 22/tcp from 192.0.2.0/24 by MAC 02:00:00:00:00:09 (10)',
        'closes 22/tcp from 0.0.0.0/0 by MAC 02:00:00:00:00:07 (5 removed)',
      ].toSorted(),
    );
    await apply(filter('ACCEPT'), 'ipv6');
    expect(await check(filter('ACCEPT', `INPUT -p tcp ${mac(7)} -j DROP`), 'ipv6')).toEqual([
      'closes tcp from ::/0 by MAC 02:00:00:00:00:07 (5)',
    ]);
  });

  it('is seen for packets that other rules mark', async () => {
    const marking = [
      '*mangle', // 1
      ':marking - [0:0]',
      '-A PREROUTING -j marking',
      '-A marking -p tcp --dport 5060 -j MARK --set-xmark 0x1/0xffffffff',
      '-A OUTPUT -d 192.0.2.99 -j MARK --set-mark 4', // 5
      'COMMIT',
    ];
    const marked = (...rules: string[]) =>
      `${[...marking, '*filter', ':INPUT DROP', ...rules, 'COMMIT'].join('\n')}\n`;
    await apply(marked());
    const next = marked(
      '-A INPUT -m mark --mark 0x1 -j ACCEPT', // 9
      '-A INPUT -m mark --mark 0x2 -j ACCEPT', // 10
      '-A INPUT -p udp --dport 53 -m mark ! --mark 0x1 -j ACCEPT',
      '-A OUTPUT -p udp -m mark --mark 0x4/0xc -j REJECT',
    );
    expect(await check(next)).toEqual(
      [
        'opens 5060/tcp from 0.0.0.0/0 with mark 0x1 (9)',
        'none  (10)',
        'opens 53/udp from 0.0.0.0/0 without mark 0x1 (11)',
        'closes udp to 192.0.2.99 with mark 0x4/0xc (12)',
      ].toSorted(),
    );
    await apply(next);
    expect(await check(marked())).toEqual(
      [
        'closes 5060/tcp from 0.0.0.0/0 with mark 0x1 (9 removed)',
        'none  (10 removed)',
        'closes 53/udp from 0.0.0.0/0 without mark 0x1 (11 removed)',
        'opens udp to 192.0.2.99 with mark 0x4/0xc (12 removed)',
      ].toSorted(),
    );
  });
});

describe('what a change opens and closes, where a worker has no right to be another user', () => {
  it('is not told of users, and of all else', async () => {
    const namespace = await TestNamespace.create('nft');
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-senders-'));
    try {
      await layGatewayNetwork(namespace);
      const rules = [
        '-p udp --dport 53 -m owner --uid-owner 33 -j DROP',
        '-p udp --dport 54 -m owner --gid-owner 33 -j DROP',
        '-p udp --dport 55 -j DROP',
      ];
      const text = `*filter\n:own - [0:0]\n-A OUTPUT -j own\n${rules.map((rule) => `-A own ${rule}\n`).join('')}COMMIT\n`;
      await writeFile(join(folder, 'own.rules'), text);
      const tell = async (rights: string) => {
        const bounding = `--bounding-set=-all,+net_admin,+net_raw,+sys_admin${rights}`;
        const command = [bounding, process.execPath, CLI, 'plan', 'own.rules', '--json'];
        const { stdout } = await execa('/usr/bin/setpriv', ['--inh-caps=-all', ...command], {
          cwd: folder,
          extendEnv: false,
          env: settingsFor(namespace, folder),
        });
        return told(JSON.parse(stdout).diff.reach);
      };
      expect(await tell('')).toEqual([
        'none 53/udp to 0.0.0.0/0 of uid 33 (4)',
        'none 54/udp to 0.0.0.0/0 of gid 33 (5)',
        'closes 55/udp to 0.0.0.0/0 (6)',
      ]);
      expect(await tell(',+setuid,+setgid')).toEqual([
        'closes 53/udp to 0.0.0.0/0 of uid 33 (4)',
        'closes 54/udp to 0.0.0.0/0 of gid 33 (5)',
        'closes 55/udp to 0.0.0.0/0 (6)',
      ]);
    } finally {
      await namespace.remove();
      await rm(folder, { recursive: true });
    }
  });
});
