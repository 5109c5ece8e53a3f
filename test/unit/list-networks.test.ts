import { BlockList, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Network, parseNetwork, rangeOf } from '../../src/list/network.ts';
import { Ranges } from '../../src/list/ranges.ts';

const readNetwork = (text: string): Network => {
  const network = parseNetwork(text);
  if (typeof network === 'string') throw new Error(`${text} ${network}`);
  return network;
};
const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const ipv4 = octets.map((parts) => parts.join('.'));
/** With long runs of zeros, which are what texts of IPv6 differ in. */
const groups = fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat(0xffff)), {
  minLength: 8,
  maxLength: 8,
});
const ipv6 = groups.map((parts) => parts.map((part) => part.toString(16)).join(':'));
const networks = fc.oneof(
  fc.tuple(ipv4, fc.integer({ min: 1, max: 32 })),
  fc.tuple(ipv6, fc.integer({ min: 1, max: 128 })),
);
/** The network in which an address is, by the hint that its refusal gives. */
const networkOf = ([address, prefix]: [string, number]): Network => {
  const network = parseNetwork(`${address}/${prefix}`);
  return typeof network === 'string' ? readNetwork(/ is ([^ ]+)$/.exec(network)?.[1] ?? '') : network;
};

describe('an entry of a list', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1/32', '192.0.2.1'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['128.0.0.0/1', '128.0.0.0/1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:7::/48', '2001:db8:7::/48'],
    ['2001:0db8::0001/128', '2001:db8::1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::', '::'],
    ['::1.2.3.4', '::102:304'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201/128', '192.0.2.1'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::/8', '::/8'],
  ])('%s is %s', (text, shown) => {
    expect(readNetwork(text).text).toBe(shown);
  });

  it.each(
    // biome-ignore format: a list
    ['', '1.2.3', '010.1.2.3', '1.2.3.04', '1.2.3.4/', '1.2.3.4/0', '0.0.0.0/0', '::/0', '1.2.3.4/032', '1.2.3.4/33', '1.2.3.4/255.255.255.0',
     '1.2.3.4-1.2.3.9', '1.2.3.0/24/24', ' 1.2.3.4', '1.2.3.4 ', '1.2.3.4\n', '1.2.3.4 timeout 0', 'example.org', 'localhost', '1.2.3.256', '0x1.2.3.4',
     '1.2.3.4,80', '10.0.0.1/24', '2001:db8::1/64', '2001:db8::/129', 'fe80::1%eth0', '::1::', '1:2:3:4:5:6:7:8:9', '2001:db8::12345', '[::1]',
     '::ffff:0:0/96', '::ffff:1.2.3.4/96', '::ffff:10.0.0.1/104', '１.2.3.4', '9'.repeat(1_000_000)],
  )('%s is refused', (text) => {
    expect(typeof parseNetwork(text)).toBe('string');
  });

  it('has one text, whichever way it is written, and that is the one of the system', () => {
    fc.assert(
      fc.property(networks, (written) => {
        const network = networkOf(written);
        const { text, family } = network;
        expect(readNetwork(text)).toEqual(network);
        const [address = ''] = text.split('/');
        expect(new SocketAddress({ address, family }).address.replace(/.*[.].*/, address)).toBe(address);
      }),
    );
  });

  it.each([
    ['10.0.0.0/16', '10.0.0.0/8'],
    ['10.0.0.0/8', '10.0.0.0/16'],
    ['192.0.2.0', '192.0.2.0/24'],
    ['192.0.2.0/24', '192.0.2.0'],
    ['2001:db8::', '2001:db8::/32'],
    ['2001:db8::/32', '2001:db8::/32'],
  ])('overlaps one that begins with the same address: %s, %s', (listed, text) => {
    const around = ['9.255.255.255', '192.0.1.255', '192.0.3.0', '2001:db7::', '2001:db9::'];
    const ranges = new Ranges([...around, listed].map(readNetwork));
    expect(ranges.overlap(readNetwork(text))).toBe(listed);
  });

  it('overlaps those of a list as the system finds', () => {
    // Of few addresses, so that many begin with the same one, or are parts of others.
    const near = fc.tuple(
      fc.constantFrom('64.0.0.0', '64.0.0.1', '64.128.0.0', '96.0.0.0'),
      fc.integer({ min: 1, max: 32 }),
    );
    const nearIpv6 = fc.tuple(
      fc.constantFrom('2001:db8::', '2001:db8::1', '2001:db8:8000::'),
      fc.integer({ min: 1, max: 128 }),
    );
    const some = fc.oneof(networks, near, nearIpv6);
    fc.assert(
      fc.property(fc.array(some, { maxLength: 12 }), some, (listed, one) => {
        const list = listed.map(networkOf);
        const network = networkOf(one);
        const { text, family } = network;
        const { first, last } = rangeOf(network);
        const reference = new BlockList();
        for (const listedOne of list) {
          const [address = ''] = listedOne.text.split('/');
          reference.addSubnet(address, listedOne.prefix, listedOne.family);
        }
        const contains = list.some((other) => {
          const range = rangeOf(other);
          return other.family === family && range.first >= first && range.last <= last;
        });
        const isWithin = reference.check(text.split('/')[0] ?? '', family);
        // Node takes an IPv4 address for its mapped one as well: `::/8` would have every IPv4 address in it.
        fc.pre(!list.some((other) => other.family === 'ipv6' && other.text.startsWith('::')));
        expect(new Ranges(list).overlap(network) !== null).toBe(contains || isWithin);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is passed over at a glance only where it overlaps none of them', () => {
    const near = fc
      .tuple(fc.constantFrom('9', '10', '11', '127', '128', '255', '1', '0'), fc.nat(255))
      .map(([first, second]) => `${first}.${second}.0.0`);
    const some = fc.oneof(networks, fc.tuple(near, fc.integer({ min: 1, max: 32 })));
    fc.assert(
      fc.property(fc.array(some, { maxLength: 5 }), some, (others, one) => {
        const ranges = new Ranges(others.map(networkOf));
        const network = networkOf(one);
        if (ranges.overlap(network) !== null) expect(ranges.mayOverlap(network.text)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['203.0.113.9', false],
    ['203.0.113.0/24', false],
    ['10.9.9.9', true],
    ['8.0.0.0/6', true],
    ['2001:db8::1', true],
  ])('is looked at more closely where it may overlap: %s, %s', (text, may) => {
    expect(new Ranges([readNetwork('10.1.0.0/16')]).mayOverlap(text)).toBe(may);
  });
});
