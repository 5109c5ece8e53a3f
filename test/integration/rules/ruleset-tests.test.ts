import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostPolicy } from '../../../src/contract/host-policy.ts';
import type { RulesetTest } from '../../../src/contract/ruleset-test.ts';
import { Engine } from '../../support/engine.ts';
import { layGatewayNetwork } from '../../support/gateway-network.ts';
import { BACKENDS } from '../../support/namespace.ts';

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

const IPV6 = [
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
const CASES6: Case[] = [
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

describe.each(BACKENDS)('tests of a ruleset (%s)', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.open(backend);
    await layGatewayNetwork(engine.namespace);
  });
  afterAll(async () => await engine.close());

  const named = (cases: readonly Case[]) =>
    cases.map((one, index) => ({ ...one, name: `${index} ${one.protocol} ${one.port ?? ''} ${one.expect}` }));
  const testOf = ({ got: _got, line: _line, ...test }: Case & { name: string }): RulesetTest => test;

  it('that have to pass do', async () => {
    const tests = named([...CASES, ...CASES6])
      .filter(({ got }) => got === undefined)
      .map(testOf);
    const { end } = await engine.run('check', { scope: 'tables', ipv4: IPV4, ipv6: IPV6, tests });
    expect(end.failure).toBeNull();
    expect(end).toMatchObject({ outcome: 'checked', tests: { passed: tests.length, notes: [] } });
  });

  it.each([
    ['IPv4', CASES],
    ['IPv6', CASES6],
  ])('that have to fail do, each with the line that decides it (%s)', async (_family, all) => {
    const failing = named(all).filter(({ got }) => got !== undefined);
    // Legacy and nft differ in how they count, not in what is made of it: a few of each kind are enough for the second.
    const cases = backend === 'nft' ? failing : failing.filter((one) => failing.indexOf(one) % 4 === 0);
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
  });

  it('are judged by all that is live: other rulesets, strangers, lists', async () => {
    const { namespace } = engine;
    await namespace.run('ipset', ['create', 'friends', 'hash:net']);
    await namespace.run('ipset', ['add', 'friends', '198.51.100.0/24']);
    await namespace.iptables('-A', 'INPUT', '-p', 'tcp', '--dport', '5432', '-j', 'DROP');
    const other = ':other - [0:0]\n-I INPUT -j other\n-A other -p tcp --dport 5433 -j REJECT\n';
    await engine.run('apply', { name: 'other', ipv4: `*filter\n${other}COMMIT\n` });
    const ipv4 = [
      '*filter',
      ':mine - [0:0]',
      '-A INPUT -j mine',
      '-A mine -p tcp --dport 8443 -m set --match-set friends src -j ACCEPT',
      '-A mine -p tcp --dport 8443 -j DROP',
      'COMMIT',
      '',
    ].join('\n');
    const tests = [
      { ...tcp(5432, WORLD, 'accept'), name: 'a stranger is in the way' },
      { ...tcp(5433, WORLD, 'accept'), name: 'another ruleset is in the way' },
      { ...tcp(8443, OFFICE, 'accept'), name: 'a friend' },
      { ...tcp(8443, WORLD, 'drop'), name: 'no friend' },
      { ...tcp(8443, OFFICE, 'drop'), name: 'a friend, and not wanted' },
    ];
    const before = await namespace.save();
    const { end } = await engine.run('apply', { name: 'mine', ipv4, tests });
    expect(await namespace.save()).toBe(before);
    const told = end.failure?.tests?.map(({ name, got, lines: [line] }) => [
      name,
      got,
      line?.line,
      line?.owner,
      line?.text,
    ]);
    expect(told).toEqual([
      ['a stranger is in the way', 'drop', null, 'foreign', '-A INPUT -p tcp -m tcp --dport 5432 -j DROP'],
      [
        'another ruleset is in the way',
        'reject:icmp-port-unreachable',
        null,
        'other',
        '-A other -p tcp -m tcp --dport 5433 -j REJECT --reject-with icmp-port-unreachable',
      ],
      [
        'a friend, and not wanted',
        'accept',
        4,
        undefined,
        '-A mine -p tcp --dport 8443 -m set --match-set friends src -j ACCEPT',
      ],
    ]);
    const good = tests.slice(2, 4);
    const applied = await engine.run('apply', { name: 'mine', ipv4, tests: good });
    expect(applied.end).toMatchObject({ outcome: 'applied', tests: { passed: 2 } });
    // The digest is equal: the tests are run all the same.
    const again = await engine.run('apply', { name: 'mine', ipv4, tests: tests.slice(4) });
    expect(again.end).toMatchObject({ outcome: 'failed', failure: { code: 'test_failed' } });
  });
});

describe('tests of IPv6', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.open('nft');
    await layGatewayNetwork(engine.namespace);
  });
  afterAll(async () => await engine.close());

  const FRIEND = '2001:db8:1::7';
  const FAR = '2001:db8:99::9';
  const DISCOVERY =
    '-A INPUT -p icmpv6 -m icmp6 --icmpv6-type 135/0 -j ACCEPT\n-A INPUT -p icmpv6 -m icmp6 --icmpv6-type 136/0 -j ACCEPT\n';
  const rules = (...lines: string[]) =>
    `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n${lines.join('')}-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A INPUT -p udp --dport 53 -j REJECT --reject-with icmp6-adm-prohibited\n-A FORWARD -p tcp --dport 80 -j ACCEPT\n-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n`;
  const tests: RulesetTest[] = [
    { ...tcp(22, FRIEND, 'accept'), name: 'ssh' },
    { ...tcp(22, FAR, 'accept'), name: 'ssh from afar' },
    { ...tcp(23, FRIEND, 'drop'), name: 'telnet' },
    { protocol: 'udp', port: 53, from: FAR, expect: 'reject:icmp6-adm-prohibited', name: 'dns' },
    { ...tcp(80, FAR, 'accept'), to: '2001:db8:2::5', direction: 'forward', name: 'web' },
    { ...tcp(81, FAR, 'drop'), to: '2001:db8:2::5', direction: 'forward', name: 'no web' },
    { protocol: 'tcp', port: 443, to: FAR, direction: 'out', expect: 'accept', name: 'out' },
    { ...tcp(99, FAR, 'accept'), state: 'established', name: 'goes on' },
    { protocol: 'icmp', from: FAR, expect: 'drop', name: 'ping' },
  ];

  it('pass', async () => {
    const { end } = await engine.run('check', { scope: 'tables', ipv6: rules(DISCOVERY), tests });
    expect(end.failure?.tests ?? []).toEqual([]);
    expect(end).toMatchObject({ outcome: 'checked', tests: { passed: tests.length } });
  });

  it('from afar pass where rules drop all else from there: the router looks for the host, and not the sender', async () => {
    const ipv6 = rules(DISCOVERY).replace(
      '-A INPUT -m conntrack',
      `-A INPUT -s ${FAR} -j DROP\n-A INPUT -m conntrack`,
    );
    // The rule stands before those of discovery.
    const first = ipv6.replace(DISCOVERY, `-A INPUT -s ${FAR} -p icmpv6 -j DROP\n${DISCOVERY}`);
    const { end } = await engine.run('check', { scope: 'tables', ipv6: first, tests: tests.slice(0, 2) });
    expect(end.failure?.tests ?? []).toEqual([]);
    expect(end).toMatchObject({ outcome: 'checked', tests: { passed: 2 } });
  });

  it('fail where rules drop the discovery of neighbours, which is said; what is dropped anyway is', async () => {
    const { end } = await engine.run('check', { scope: 'tables', ipv6: rules(), tests });
    const failed = new Map(end.failure?.tests?.map(({ name, got }) => [name, got]));
    expect(failed.get('ssh')).toContain('discovery of neighbours');
    expect(failed.get('out')).toContain('discovery of neighbours');
    expect([failed.get('telnet'), failed.get('ping')]).toEqual([undefined, undefined]);
  });
});

describe('a test that proves nothing', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.open(
      'nft',
      HostPolicy.parse({ tests: [{ ...tcp(22, OFFICE, 'accept'), name: 'the policy' }] }),
    );
    await layGatewayNetwork(engine.namespace);
  });
  afterAll(async () => await engine.close());

  const rules = (...lines: string[]) =>
    `*filter\n:mine - [0:0]\n-I INPUT -j mine\n${lines.map((line) => `-A mine ${line}\n`).join('')}COMMIT\n`;
  const drop = { ...tcp(23, WORLD, 'drop'), name: 'no telnet' };
  const got = async (test: RulesetTest, ...lines: string[]) => {
    const { end } = await engine.run('check', { ipv4: rules(...lines), tests: [test] });
    return [
      end.failure?.code ?? end.outcome,
      end.failure?.tests?.find(({ name }) => name === test.name)?.got,
    ];
  };

  it('is inconclusive where its packet is lost with no rules: no link, no route, no forwarding, the wrong way', async () => {
    const { namespace } = engine;
    const forwarded = { ...drop, to: '10.1.0.5', direction: 'forward' as const };
    expect(await got(forwarded)).toEqual(['test_failed', 'accept']);
    await namespace.run('sh', ['-c', 'echo 0 >/proc/sys/net/ipv4/ip_forward']);
    expect(await got(forwarded)).toEqual(['test_inconclusive', expect.stringContaining('forwards nothing')]);
    await namespace.run('sh', ['-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
    await namespace.run('ip', ['link', 'set', 'eth1', 'down']);
    expect(await got({ ...forwarded, out: 'eth1' })).toEqual([
      'test_inconclusive',
      expect.stringMatching(/no route|eth1 is down/),
    ]);
    await namespace.run('ip', ['link', 'set', 'eth1', 'up']);
    await namespace.run('ip', ['link', 'set', 'end1', 'down']);
    expect(await got({ ...forwarded, out: 'eth1' })).toEqual([
      'test_inconclusive',
      expect.stringMatching(/no route|carrier/),
    ]);
    await namespace.run('ip', ['link', 'set', 'end1', 'up']);
    await namespace.run('sh', ['-c', 'echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter']);
    expect(await got({ ...drop, in: 'eth1' })).toEqual([
      'test_inconclusive',
      expect.stringContaining('rp_filter'),
    ]);
    expect(await got({ ...drop, in: 'eth7' })).toEqual([
      'test_inconclusive',
      expect.stringContaining('no interface eth7'),
    ]);
    await namespace.run('ip', ['route', 'delete', 'default']);
    expect(await got(drop)).toEqual([
      'test_inconclusive',
      expect.stringContaining('no route to 203.0.113.9'),
    ]);
    await namespace.run('ip', ['route', 'add', 'default', 'via', '192.0.2.254', 'dev', 'eth0']);
  });

  it('is inconclusive where it meets what a namespace has not, and notes what goes by chance', async () => {
    const mac = '-p tcp -m mac --mac-source 02:00:00:00:00:01 -j ACCEPT';
    expect(await got(drop, '-p tcp --dport 22 -j ACCEPT', mac, '-p tcp -j DROP')).toEqual([
      'test_inconclusive',
      expect.stringContaining('-m mac'),
    ]);
    const limit = '-p tcp --dport 22 -m limit --limit 1/min --limit-burst 1 -j ACCEPT';
    const twice = [1, 2].map((index) => ({ ...tcp(22, OFFICE, 'accept'), name: `burst ${index}` }));
    const { end } = await engine.run('check', {
      ipv4: rules(limit, '-p tcp --dport 22 --syn -j DROP'),
      tests: twice,
    });
    expect(end.failure).toBeNull();
    expect(end.tests?.notes).toHaveLength(3);
  });

  it('is of the policy, which no job can do without', async () => {
    const { end } = await engine.run('check', { ipv4: rules('-p tcp --dport 22 -j DROP') });
    expect(end.failure).toMatchObject({
      code: 'test_failed',
      tests: [{ name: 'the policy', got: 'drop', lines: [{ line: 4 }] }],
    });
  });
});
