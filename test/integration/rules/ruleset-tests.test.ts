import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostPolicy } from '../../../src/contract/host-policy.ts';
import type { RulesetTest } from '../../../src/contract/ruleset-test.ts';
import { Engine } from '../../support/engine.ts';
import { BACKENDS, type TestNamespace } from '../../support/namespace.ts';

/** A gateway: the world behind eth0, a network of its own behind eth1. */
async function layNetwork(namespace: TestNamespace): Promise<void> {
  const commands = [
    'link add eth0 type veth peer name end0',
    'link add eth1 type veth peer name end1',
    'link set end0 up',
    'link set end1 up',
    'address add 192.0.2.1/24 dev eth0',
    'address add 10.1.0.1/24 dev eth1',
    'address add 2001:db8:1::1/64 dev eth0 nodad',
    'address add 2001:db8:2::1/64 dev eth1 nodad',
    'link set eth0 up',
    'link set eth1 up',
    'route add default via 192.0.2.254 dev eth0',
    'route add default via 2001:db8:1::fe dev eth0',
  ];
  await namespace.run('ip', ['-batch', '-'], `${commands.join('\n')}\n`);
  await namespace.run('sh', [
    '-c',
    'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding',
  ]);
}

/** A test, and what it has to come to: `pass`, or what it got and the line that decides it (null: a policy). */
interface Case extends Omit<RulesetTest, 'name'> {
  got?: string;
  line?: number | null;
}

const IPV4 = [
  '*filter', // 1
  ':INPUT DROP [0:0]',
  ':FORWARD DROP [0:0]',
  ':OUTPUT ACCEPT [0:0]',
  ':services - [0:0]', // 5
  '-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
  '-A INPUT -p icmp --icmp-type echo-request -j ACCEPT',
  '-A INPUT -j services',
  '-A INPUT -p tcp --dport 113 -j REJECT --reject-with tcp-reset',
  '-A INPUT -p udp --dport 161 -j REJECT --reject-with icmp-admin-prohibited', // 10
  '-A services -s 198.51.100.0/24 -p tcp --dport 22 -j ACCEPT',
  '-A services -p tcp -m multiport --dports 80,443 -j ACCEPT',
  '-A services -p udp --dport 53 -j ACCEPT',
  '-A services -p tcp --dport 23 -j DROP',
  '-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT', // 15
  '-A FORWARD -i eth0 -o eth1 -p tcp --dport 8080 -j ACCEPT',
  '-A FORWARD -i eth1 -o eth0 -j ACCEPT',
  '-A OUTPUT -d 192.0.2.99 -j DROP',
  '-A OUTPUT -p udp --dport 514 -j REJECT',
  'COMMIT', // 20
  '*nat',
  ':PREROUTING ACCEPT [0:0]',
  ':POSTROUTING ACCEPT [0:0]',
  '-A PREROUTING -i eth0 -p tcp --dport 8000 -j DNAT --to-destination 10.1.0.5:8080',
  '-A POSTROUTING -s 10.1.0.0/24 -o eth0 -j MASQUERADE', // 25
  'COMMIT',
  '',
].join('\n');

const OFFICE = '198.51.100.7';
const WORLD = '203.0.113.9';
const tcp = (port: number, from: string, expected: string): Case => ({
  protocol: 'tcp',
  port,
  from,
  expect: expected,
});

const CASES: Case[] = [
  tcp(22, OFFICE, 'accept'),
  { ...tcp(22, OFFICE, 'drop'), got: 'accept', line: 11 },
  tcp(22, WORLD, 'drop'),
  { ...tcp(22, WORLD, 'accept'), got: 'drop', line: null },
  tcp(443, WORLD, 'accept'),
  { ...tcp(443, WORLD, 'reject'), got: 'accept', line: 12 },
  tcp(23, OFFICE, 'drop'),
  { ...tcp(23, OFFICE, 'accept'), got: 'drop', line: 14 },
  tcp(113, WORLD, 'reject'),
  tcp(113, WORLD, 'reject:tcp-reset'),
  { ...tcp(113, WORLD, 'drop'), got: 'reject:tcp-reset', line: 9 },
  { protocol: 'udp', port: 161, from: WORLD, expect: 'reject:icmp-admin-prohibited' },
  {
    protocol: 'udp',
    port: 161,
    from: WORLD,
    expect: 'reject:icmp-port-unreachable',
    got: 'reject:icmp-admin-prohibited',
    line: 10,
  },
  { protocol: 'udp', port: 53, from: WORLD, expect: 'accept' },
  { protocol: 'udp', port: 53, from: WORLD, expect: 'drop', got: 'accept', line: 13 },
  { protocol: 'icmp', from: WORLD, expect: 'accept' },
  { protocol: 'icmp', from: WORLD, expect: 'drop', got: 'accept', line: 7 },
  { protocol: 'icmp', icmpType: 'timestamp-request', from: WORLD, expect: 'drop' },
  { ...tcp(9999, WORLD, 'accept'), state: 'established' },
  { ...tcp(9999, WORLD, 'drop'), state: 'established', got: 'accept', line: 6 },
  { protocol: 'udp', port: 9999, from: WORLD, state: 'established', expect: 'accept' },
  { protocol: 'icmp', from: WORLD, state: 'established', expect: 'accept' },
  { protocol: 'tcp', port: 443, to: '192.0.2.80', direction: 'out', expect: 'accept' },
  { protocol: 'tcp', port: 443, to: '192.0.2.99', direction: 'out', expect: 'drop' },
  { protocol: 'tcp', port: 443, to: '192.0.2.99', direction: 'out', expect: 'accept', got: 'drop', line: 18 },
  {
    protocol: 'udp',
    port: 514,
    to: '192.0.2.80',
    direction: 'out',
    expect: 'drop',
    got: 'reject:icmp-port-unreachable',
    line: 19,
  },
  {
    protocol: 'tcp',
    port: 443,
    to: '192.0.2.80',
    direction: 'out',
    expect: 'drop',
    got: 'accept',
    line: null,
  },
  { ...tcp(8080, WORLD, 'accept'), to: '10.1.0.5', direction: 'forward' },
  { ...tcp(8080, WORLD, 'drop'), to: '10.1.0.5', direction: 'forward', got: 'accept', line: 16 },
  { ...tcp(80, WORLD, 'drop'), to: '10.1.0.5', direction: 'forward' },
  { ...tcp(80, '10.1.0.5', 'accept'), to: WORLD, direction: 'forward' },
  { ...tcp(80, '10.1.0.5', 'drop'), to: WORLD, direction: 'forward', got: 'accept', line: 17 },
  { ...tcp(80, '10.1.0.5', 'accept'), to: WORLD, direction: 'forward', state: 'established' },
  tcp(8000, WORLD, 'dnat:10.1.0.5:8080'),
  tcp(8000, WORLD, 'dnat:10.1.0.5'),
  { ...tcp(8000, WORLD, 'dnat:10.1.0.6'), got: 'dnat:10.1.0.5:8080', line: 24 },
  { ...tcp(8000, WORLD, 'drop'), got: 'dnat:10.1.0.5:8080', line: 16 },
  { ...tcp(22, OFFICE, 'dnat:10.1.0.5'), got: 'accept', line: null },
];

describe.each(BACKENDS)('tests of a ruleset (%s)', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.open(backend);
    await layNetwork(engine.namespace);
  });
  afterAll(async () => await engine.close());

  const named = CASES.map((one, index) => ({
    ...one,
    name: `${index} ${one.protocol} ${one.port ?? ''} ${one.expect}`,
  }));
  const testOf = ({ got: _, line: _line, ...test }: Case & { name: string }): RulesetTest => test;

  it('that have to pass do', async () => {
    const tests = named.filter(({ got }) => got === undefined).map(testOf);
    const { end } = await engine.run('check', { scope: 'tables', ipv4: IPV4, tests });
    expect(end.failure).toBeNull();
    expect(end).toMatchObject({ outcome: 'checked', tests: { passed: tests.length, notes: [] } });
  });

  it.each(named.filter(({ got }) => got !== undefined).map((one) => [one.name, one] as const))(
    'that has to fail: %s',
    async (_, one) => {
      const { end } = await engine.run('check', { scope: 'tables', ipv4: IPV4, tests: [testOf(one)] });
      expect(end.failure).toMatchObject({ code: 'test_failed', stage: 'rehearse' });
      const [failed] = end.failure?.tests ?? [];
      expect(failed).toMatchObject({ name: one.name, expected: one.expect, got: one.got });
      expect(failed?.lines.map(({ line }) => line)).toEqual([one.line]);
      if (one.line !== null) expect(failed?.lines[0]?.confidence).toBe('verified');
    },
  );
});
void HostPolicy;
