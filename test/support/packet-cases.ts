import { expect } from 'vitest';
import type { RulesetTest } from '../../src/contract/jobs/ruleset-test.ts';
import type { Engine } from './engine.ts';

/** A test, and what it has to come to: `pass`, or what it got and the line that decides it (null: a policy). */
export interface Case extends Omit<RulesetTest, 'name'> {
  got?: string;
  line?: number | null;
}

export const IPV4 = [
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

export const OFFICE = '198.51.100.7';
export const WORLD = '203.0.113.9';
export const tcp = (port: number, from: string, expected: string): Case => ({
  protocol: 'tcp',
  port,
  from,
  expect: expected,
});

export const CASES: Case[] = [
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

export const IPV6 = [
  '*filter', // 1
  ':INPUT DROP [0:0]',
  ':FORWARD DROP [0:0]',
  ':OUTPUT ACCEPT [0:0]',
  ':services - [0:0]', // 5
  '-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
  '-A INPUT -p icmpv6 -m icmp6 --icmpv6-type 135 -j ACCEPT',
  '-A INPUT -p icmpv6 -m icmp6 --icmpv6-type 136 -j ACCEPT',
  '-A INPUT -p icmpv6 -m icmp6 --icmpv6-type echo-request -j ACCEPT',
  '-A INPUT -j services', // 10
  '-A INPUT -p tcp --dport 113 -j REJECT --reject-with tcp-reset',
  '-A INPUT -p udp --dport 161 -j REJECT --reject-with icmp6-adm-prohibited',
  '-A services -s 2001:db8:50::/48 -p tcp --dport 22 -j ACCEPT',
  '-A services -p tcp -m multiport --dports 80,443 -j ACCEPT',
  '-A services -p udp --dport 53 -j ACCEPT', // 15
  '-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
  '-A FORWARD -i eth0 -o eth1 -p tcp --dport 8080 -j ACCEPT',
  '-A FORWARD -i eth1 -o eth0 -j ACCEPT',
  '-A OUTPUT -d 2001:db8:1::99 -p tcp -j DROP',
  '-A OUTPUT -p udp --dport 514 -j REJECT', // 20
  'COMMIT',
  '*nat',
  ':PREROUTING ACCEPT [0:0]',
  ':POSTROUTING ACCEPT [0:0]',
  '-A PREROUTING -i eth0 -p tcp --dport 8000 -j DNAT --to-destination [2001:db8:2::5]:8080', // 25
  '-A POSTROUTING -s 2001:db8:2::/64 -o eth0 -j MASQUERADE',
  'COMMIT',
  '',
].join('\n');

const OFFICE6 = '2001:db8:50::7';
const WORLD6 = '2001:db8:99::9';
const INNER6 = '2001:db8:2::5';
const udp6 = (port: number, expected: string): Case => ({
  protocol: 'udp',
  port,
  from: WORLD6,
  expect: expected,
});
const out6 = (protocol: 'tcp' | 'udp', port: number, host: number, expected: string): Case => ({
  protocol,
  port,
  to: `2001:db8:1::${host}`,
  direction: 'out',
  expect: expected,
});
const inner6 = (port: number, expected: string): Case => ({
  ...tcp(port, WORLD6, expected),
  to: INNER6,
  direction: 'forward',
});
const outer6 = (expected: string): Case => ({
  ...tcp(80, INNER6, expected),
  to: WORLD6,
  direction: 'forward',
});

/** The same kinds as of IPv4. */
export const CASES6: Case[] = [
  tcp(22, OFFICE6, 'accept'),
  { ...tcp(22, OFFICE6, 'drop'), got: 'accept', line: 13 },
  tcp(22, WORLD6, 'drop'),
  { ...tcp(22, WORLD6, 'accept'), got: 'drop', line: null },
  tcp(443, WORLD6, 'accept'),
  { ...tcp(443, WORLD6, 'reject'), got: 'accept', line: 14 },
  tcp(113, WORLD6, 'reject:tcp-reset'),
  { ...tcp(113, WORLD6, 'drop'), got: 'reject:tcp-reset', line: 11 },
  udp6(161, 'reject:icmp6-adm-prohibited'),
  { ...udp6(161, 'drop'), got: 'reject:icmp6-adm-prohibited', line: 12 },
  udp6(53, 'accept'),
  { ...udp6(53, 'drop'), got: 'accept', line: 15 },
  { protocol: 'icmp', from: WORLD6, expect: 'accept' },
  { protocol: 'icmp', from: WORLD6, expect: 'drop', got: 'accept', line: 9 },
  { ...tcp(9999, WORLD6, 'accept'), state: 'established' },
  { ...tcp(9999, WORLD6, 'drop'), state: 'established', got: 'accept', line: 6 },
  { ...udp6(9999, 'accept'), state: 'established' },
  out6('tcp', 443, 80, 'accept'),
  { ...out6('tcp', 443, 80, 'drop'), got: 'accept', line: null },
  out6('tcp', 443, 99, 'drop'),
  { ...out6('tcp', 443, 99, 'accept'), got: 'drop', line: 19 },
  out6('udp', 514, 80, 'reject:icmp6-port-unreachable'),
  { ...out6('udp', 514, 80, 'drop'), got: 'reject:icmp6-port-unreachable', line: 20 },
  inner6(8080, 'accept'),
  { ...inner6(8080, 'drop'), got: 'accept', line: 17 },
  inner6(80, 'drop'),
  outer6('accept'),
  { ...outer6('drop'), got: 'accept', line: 18 },
  { ...outer6('accept'), state: 'established' },
  tcp(8000, WORLD6, `dnat:[${INNER6}]:8080`),
  { ...tcp(8000, WORLD6, 'dnat:2001:db8:2::6'), got: `dnat:[${INNER6}]:8080`, line: 25 },
  { ...tcp(8000, WORLD6, 'drop'), got: `dnat:[${INNER6}]:8080`, line: 17 },
];

export const named = (cases: readonly Case[]): (Case & { name: string })[] =>
  cases.map((one, index) => ({ ...one, name: `${index} ${one.protocol} ${one.port ?? ''} ${one.expect}` }));
export const testOf = ({ got: _got, line: _line, ...test }: Case & { name: string }): RulesetTest => test;
export const failingOf = (cases: readonly Case[]): (Case & { name: string })[] =>
  named(cases).filter(({ got }) => got !== undefined);

/** Each test has to fail, and to name the line that decides it. */
export async function expectTold(engine: Engine, cases: readonly (Case & { name: string })[]): Promise<void> {
  const texts = { scope: 'tables' as const, ipv4: IPV4, ipv6: IPV6 };
  const { end } = await engine.run('check', { ...texts, tests: cases.map(testOf) });
  expect(end.failure).toMatchObject({ code: 'test_failed', stage: 'rehearse' });
  const told = end.failure?.tests?.map(({ name, expected, got, lines }) => ({
    name,
    expected,
    got,
    lines: lines.map(({ line }) => line),
    isShown: lines.every(({ confidence, line }) => confidence === 'verified' || line === null),
  }));
  expect(told).toEqual(
    cases.map(({ name, expect: expected, got, line }) => ({
      name,
      expected,
      got,
      lines: [line],
      isShown: true,
    })),
  );
}
