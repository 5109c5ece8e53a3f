import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reach } from '../../../src/contract/events/reach.ts';
import type { Ruleset } from '../../../src/contract/jobs/job.ts';
import { Engine } from '../../support/engine.ts';
import { layGatewayNetwork } from '../../support/gateway-network.ts';
import { BACKENDS } from '../../support/namespace.ts';
import { told } from '../../support/told-reach.ts';

describe.each(BACKENDS)('what a change opens and closes (%s)', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.open(backend);
    await layGatewayNetwork(engine.namespace);
  });
  afterAll(async () => await engine.close());

  const reachOf = async (ruleset: Partial<Ruleset>): Promise<Reach | undefined> => {
    const { end } = await engine.run('check', ruleset);
    expect(end.failure).toBeNull();
    return end.diff?.reach;
  };

  it('is seen by packets: filter, forward, NAT, a chain of its own, what comes before takes', async () => {
    const table = (...lines: string[]) => `${lines.join('\n')}\nCOMMIT\n`;
    const old = table(
      '*filter', // 1
      ':INPUT DROP [0:0]',
      ':FORWARD DROP [0:0]',
      ':OUTPUT ACCEPT [0:0]',
      ':web - [0:0]', // 5
      '-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
      '-A INPUT -s 198.51.100.0/24 -j web',
      '-A web -p tcp --dport 443 -j ACCEPT',
      '-A web -p tcp --dport 8443 -j ACCEPT',
      '-A INPUT -p udp --dport 161 -j DROP', // 10
    );
    await engine.apply(old, { name: 'gate', scope: 'tables' });
    const next = table(
      '*filter', // 1
      ':INPUT DROP [0:0]',
      ':FORWARD DROP [0:0]',
      ':OUTPUT ACCEPT [0:0]',
      ':web - [0:0]', // 5
      '-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
      '-A INPUT -s 198.51.100.0/24 -j web',
      '-A web -p tcp --dport 443 -j ACCEPT',
      '-A web -p tcp -m multiport --dports 80,81 -j ACCEPT',
      '-A INPUT -p udp --dport 161 -j REJECT --reject-with icmp-admin-prohibited', // 10
      '-A INPUT -p tcp --dport 22 -j ACCEPT',
      '-A INPUT -s 203.0.113.0/24 -p tcp --dport 22 -j ACCEPT',
      '-A INPUT -p icmp --icmp-type echo-request -j ACCEPT',
      '-A INPUT -i lo -j ACCEPT',
      '-A INPUT -p tcp --dport 25 -j LOG', // 15
      '-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
      '-A FORWARD -i eth0 -o eth1 -p tcp --dport 8080 -j ACCEPT',
      '-A OUTPUT -d 192.0.2.99 -p tcp -j REJECT',
      '-A INPUT -m physdev --physdev-in port0 -j ACCEPT',
      'COMMIT', // 20
      '*nat',
      ':PREROUTING ACCEPT [0:0]',
      ':POSTROUTING ACCEPT [0:0]',
      '-A PREROUTING -i eth0 -p tcp --dport 8000 -j DNAT --to-destination 10.1.0.5:8080',
    );
    const reach = await reachOf({ name: 'gate', scope: 'tables', ipv4: next });
    expect(reach).toMatchObject({ leftOut: 0, untried: null });
    expect(told(reach).toSorted()).toEqual(
      [
        'opens 80,81/tcp from 198.51.100.0/24 (9)',
        'changes 161/udp from 0.0.0.0/0 (10): drop, now reject:icmp-admin-prohibited',
        'opens 22/tcp from 0.0.0.0/0 (11)',
        'none 22/tcp from 203.0.113.0/24 (12)',
        'opens icmp echo-request from 0.0.0.0/0 (13)',
        'opens all from 0.0.0.0/0 by lo (14)',
        'none 25/tcp from 0.0.0.0/0 (15)',
        'opens all from 0.0.0.0/0 to 0.0.0.0/0 (established) (16)',
        'opens 8080/tcp from 0.0.0.0/0 to 0.0.0.0/0 by eth0 out by eth1 (17)',
        'closes tcp to 192.0.2.99 (18)',
        // A packet from the port of a bridge cannot be had here.
        'none  (19)',
        'opens 8000/tcp from 0.0.0.0/0 by eth0 (24)',
        'closes 8443/tcp from 198.51.100.0/24 (9 removed)',
        'changes 161/udp from 0.0.0.0/0 (10 removed): drop, now reject:icmp-admin-prohibited',
      ].toSorted(),
    );
    await engine.apply(table('*filter', ':INPUT ACCEPT', ':FORWARD ACCEPT', ':OUTPUT ACCEPT'), {
      name: 'gate',
      scope: 'tables',
    });
  });

  it('is told of policies, of rules that move, of hooks, and of IPv6', async () => {
    const ipv6 = (...rules: string[]) =>
      `*filter\n:six - [0:0]\n-A INPUT -j six\n${rules.map((rule) => `-A six ${rule}\n`).join('')}COMMIT\n`;
    const office = '-s 2001:db8:ffff::/48 -j DROP';
    const ssh = '-p tcp --dport 22 -j ACCEPT';
    const ping = '-p icmpv6 --icmpv6-type echo-request -j DROP';
    await engine.run('apply', { name: 'six', ipv6: ipv6(office, ssh) });
    const moved = await reachOf({ name: 'six', ipv6: ipv6(ssh, office, ping) });
    expect(told(moved)).toEqual([
      // What comes from the office is dropped before.
      'closes some of icmp echo-request from ::/0 (6)',
      'opens 22/tcp from 2001:db8:ffff::/48 (4 moved)',
      'opens 22/tcp from 2001:db8:ffff::/48 (5 moved)',
    ]);
    expect(told(await reachOf({ name: 'six', ipv6: ipv6() }))).toEqual([
      'opens all from 2001:db8:ffff::/48 (4 removed)',
      'none 22/tcp from ::/0 (5 removed)',
    ]);
    expect(await reachOf({ name: 'six', ipv6: ipv6(office, ssh) })).toBeUndefined();
    // The chain is there, and only the way to it is new.
    await engine.run('apply', { name: 'six', ipv6: ipv6(office, ssh).replace('-A INPUT -j six\n', '') });
    expect(told(await reachOf({ name: 'six', ipv6: ipv6(office, ssh) }))).toEqual([
      'closes all from 2001:db8:ffff::/48 (3)',
    ]);

    const whole = (policy: string) =>
      `*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ${policy}\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\nCOMMIT\n`;
    await engine.run('apply', { name: 'whole', scope: 'tables', ipv4: whole('ACCEPT') });
    expect(told(await reachOf({ name: 'whole', scope: 'tables', ipv4: whole('DROP') }))).toEqual([
      'closes what no rule of FORWARD takes (4)',
    ]);
  });

  it('meets members of sets, and is not misled by rules that take a number of packets', async () => {
    const { namespace } = engine;
    await namespace.run('ipset', ['create', 'friends', 'hash:net']);
    await namespace.run('ipset', ['add', 'friends', '198.51.100.64/26']);
    const ipv4 = (...rules: string[]) =>
      `*raw\n:mine - [0:0]\n-A PREROUTING -j mine\n${rules.map((rule) => `-A mine ${rule}\n`).join('')}COMMIT\n`;
    const limit = '-m limit --limit 1/hour --limit-burst 1 -j RETURN';
    await engine.run('apply', { name: 'mine', ipv4: ipv4(limit) });
    const reach = await reachOf({
      name: 'mine',
      ipv4: ipv4(
        '-p udp -m set --match-set friends src -j DROP',
        limit,
        ...PORTS.map((port) => `-p udp --dport ${port} -j DROP`),
      ),
    });
    expect(reach?.leftOut).toBe(3);
    expect(reach?.rules.map(({ change }) => change)).toEqual(['closes', 'none', 'none', 'none']);
  });
});

const PORTS = [1001, 1002, 1003, 1004, 1005, 1006];
