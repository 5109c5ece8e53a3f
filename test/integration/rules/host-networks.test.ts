import { afterEach, describe, expect, it } from 'vitest';
import { Engine } from '../../support/engine.ts';

type Case = [
  string,
  { network: string[]; settings?: string[]; rules4?: string[]; rules6?: string[]; to: string; got?: string },
];

const WAY4 = ['address add 192.0.2.1/24 dev eth0', '-4 route add default via 192.0.2.254'];

/** What the host does by itself is what `ip route get` and a real packet have shown in such a namespace. */
const CASES: Case[] = [
  [
    'a source that is the newest of its IPv6 addresses',
    {
      network: [
        'address add 2001:db8:1::1/64 dev eth0 nodad',
        'address add 2001:db8:1::2/64 dev eth0 nodad',
        '-6 route add default via 2001:db8:1::fe',
      ],
      rules6: ['-s 2001:db8:1::2 -j DROP'],
      to: '2001:db8:9::9',
      got: 'drop',
    },
  ],
  [
    'a source that is not deprecated',
    {
      network: [
        'address add 2001:db8:1::aa/64 dev eth0 nodad',
        'address change 2001:db8:1::aa/64 dev eth0 preferred_lft 0',
        'address add 2001:db8:1::1/64 dev eth0 nodad',
        'address add 2001:db8:1::ab/64 dev eth0 nodad preferred_lft 0',
        '-6 route add default via 2001:db8:1::fe',
      ],
      rules6: ['! -s 2001:db8:1::1 -j DROP'],
      to: '2001:db8:9::9',
    },
  ],
  [
    'a source of global scope, behind another link',
    {
      network: [
        'address add 203.0.113.1/32 dev lo',
        'address add 169.254.7.1/32 dev eth0 scope link',
        '-4 route add default via 169.254.7.2 dev eth0 onlink',
      ],
      rules4: ['-s 203.0.113.1 -j DROP'],
      to: '198.51.100.9',
      got: 'drop',
    },
  ],
  [
    'a gateway that has a route of its own',
    {
      network: [
        'address add 203.0.113.5/32 dev eth0',
        '-4 route add 172.31.1.1 dev eth0 scope link',
        '-4 route add default via 172.31.1.1 dev eth0',
      ],
      to: '198.51.100.9',
    },
  ],
  [
    'a nexthop that is an object',
    {
      network: [
        'address add 192.0.2.1/24 dev eth0',
        'nexthop add id 5 via 192.0.2.254 dev eth0',
        '-4 route add default nhid 5',
      ],
      to: '198.51.100.9',
    },
  ],
  [
    'two gateways of one route',
    {
      network: [
        'address add 192.0.2.1/24 dev eth0',
        'address add 198.51.100.1/24 dev eth1',
        '-4 route add default nexthop via 192.0.2.254 dev eth0 nexthop via 198.51.100.254 dev eth1',
      ],
      to: '203.0.113.9',
    },
  ],
  [
    'one network on two links, with metrics',
    {
      network: [
        'address add 192.0.2.10/24 dev eth0 metric 600',
        'address add 192.0.2.11/24 dev eth1 metric 100',
      ],
      rules4: ['! -o eth1 -j DROP'],
      to: '192.0.2.53',
    },
  ],
  [
    'one network on two links, one without its route',
    {
      network: [
        'address add 2001:db8:1::2/64 dev eth0 nodad noprefixroute',
        'address add 2001:db8:1::3/64 dev eth1 nodad',
      ],
      rules6: ['! -o eth1 -j DROP'],
      to: '2001:db8:1::50',
    },
  ],
  [
    'a peer of IPv6',
    { network: ['address add 2001:db8:1::1 peer 2001:db8:1::2/128 dev eth0 nodad'], to: '2001:db8:1::2' },
  ],
  [
    'a route with a timeout',
    { network: [...WAY4, '-4 route change default via 192.0.2.254 rto_min 200ms'], to: '198.51.100.9' },
  ],
  [
    'a link that is dead, whose routes are passed over',
    {
      network: [
        'address add 192.0.2.1/24 dev eth0',
        'address add 198.51.100.1/24 dev eth1',
        '-4 route add default via 192.0.2.254 metric 10',
        '-4 route add default via 198.51.100.254 metric 20',
        'link set end0 down',
      ],
      settings: [
        'net.ipv4.conf.all.ignore_routes_with_linkdown=1',
        'net.ipv4.conf.eth0.ignore_routes_with_linkdown=1',
      ],
      rules4: ['! -o eth1 -j DROP'],
      to: '203.0.113.9',
    },
  ],
];

describe('the network of a host is tried as it is', () => {
  let engine: Engine;
  afterEach(async () => await engine.close());

  const layNetwork = async (network: readonly string[], settings: readonly string[] = []) => {
    engine = await Engine.open('nft');
    const links = ['eth0', 'eth1'].flatMap((name) => {
      const other = name.replace('eth', 'end');
      return [`link add ${name} type veth peer name ${other}`, `link set ${name} up`, `link set ${other} up`];
    });
    for (const line of [...links, ...network]) await engine.namespace.run('ip', line.split(' '));
    for (const setting of settings) await engine.namespace.run('sysctl', ['-qw', setting]);
  };
  const table = (rules: readonly string[] = []) =>
    `*filter\n:out - [0:0]\n-A OUTPUT -p udp -j out\n${rules.map((rule) => `-A out ${rule}\n`).join('')}COMMIT\n`;

  it.each(CASES)('with %s', async (_, { network, settings, rules4, rules6, to, got }) => {
    await layNetwork(network, settings);
    const tests = [
      { name: 'out', direction: 'out', protocol: 'udp', port: 53, to, expect: 'accept' } as const,
    ];
    const { end } = await engine.run('check', {
      name: 'out',
      ipv4: table(rules4),
      ipv6: table(rules6),
      tests,
    });
    if (got === undefined) expect(end.failure).toBeNull();
    else expect(end.failure?.tests).toMatchObject([{ name: 'out', got }]);
  });

  it('with its addresses, however they are spelled', async () => {
    await layNetwork(['address add 2001:db8:1::1/64 dev eth0 nodad']);
    const tests = ['2001:db8:1:0::1', '2001:DB8:1::1'].map(
      (to) =>
        ({
          name: to,
          direction: 'in',
          protocol: 'tcp',
          port: 22,
          from: '2001:DB8:1:0::7',
          to,
          expect: 'accept',
        }) as const,
    );
    const { end } = await engine.run('check', { name: 'out', ipv6: table(), tests });
    expect(end.failure).toBeNull();
  });

  it('with a network that is its own, and no answer to a ping', async () => {
    await layNetwork(
      [...WAY4, '-4 route add local 100.64.9.0/24 dev lo'],
      ['net.ipv4.icmp_echo_ignore_all=1'],
    );
    const packet = { direction: 'in', from: '198.51.100.7', in: 'eth0' } as const;
    const tests = [
      { ...packet, name: 'any', protocol: 'tcp', port: 22, to: '100.64.9.4', expect: 'accept' } as const,
      { ...packet, name: 'ping', protocol: 'icmp', to: '192.0.2.1', expect: 'accept' } as const,
    ];
    const { end } = await engine.run('check', { name: 'out', ipv4: table(), tests });
    expect(end.failure?.code).toBe('test_inconclusive');
    expect(end.failure?.tests?.map(({ name }) => name)).toEqual(['ping']);
  });

  it('with two uplinks, between which the source of a packet chooses', async () => {
    await layNetwork(
      [
        'address add 192.0.2.1/24 dev eth0',
        'address add 2001:db8:1::1/64 dev eth0 nodad',
        'address add 198.51.100.1/24 dev eth1',
        'address add 2001:db8:2::1/64 dev eth1 nodad',
        '-4 route add default via 192.0.2.254',
        '-6 route add default via 2001:db8:1::fe',
        '-4 route add default via 198.51.100.254 table 102',
        '-6 route add default via 2001:db8:2::fe table 102',
        '-4 rule add pref 1000 from 198.51.100.1 lookup 102',
        '-6 rule add pref 1000 from 2001:db8:2::/64 lookup 102',
        '-4 rule add pref 1001 from 192.0.2.128/25 iif eth0 lookup 102',
      ],
      ['net.ipv4.ip_forward=1'],
    );
    const rules = (all: string) =>
      `*filter\n:out - [0:0]\n-A INPUT -j out\n-A FORWARD -j out\n-A OUTPUT -j out\n${all}COMMIT\n`;
    const first = '-A out -i eth0 -o eth0 -j DROP\n-A out -p tcp --dport 22 ! -i eth1 -j DROP\n';
    const second = '-A out -p udp ! -o eth1 -j DROP\n';
    const dns = { protocol: 'udp', port: 53, expect: 'accept' } as const;
    const ssh = { protocol: 'tcp', port: 22, expect: 'accept', direction: 'in' } as const;
    const tests = [
      { ...dns, name: 'out', direction: 'out', from: '198.51.100.1', to: '203.0.113.9' } as const,
      { ...dns, name: 'out6', direction: 'out', from: '2001:DB8:2:0::1', to: '2001:db8:9::9' } as const,
      { ...dns, name: 'forward', direction: 'forward', from: '192.0.2.200', to: '203.0.113.9' } as const,
      { ...ssh, name: 'in', from: '203.0.113.9', to: '198.51.100.1' } as const,
      { ...ssh, name: 'in6', from: '2001:db8:9::9', to: '2001:db8:2::1' } as const,
    ];
    const text = rules(first + second);
    const { end } = await engine.run('check', { name: 'out', ipv4: text, ipv6: text, tests });
    expect(end.failure).toBeNull();
  });
});
