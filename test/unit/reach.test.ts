import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reach, ReachedRule } from '../../src/contract/events/reach.ts';
import { withoutTexts } from '../../src/contract/events/without-texts.ts';
import { COMPLETED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import type { Family } from '../../src/contract/words/identifiers.ts';
import { fitDiff } from '../../src/job/outcome/fit-event.ts';
import type { HostPicture } from '../../src/job/ports/packets.ts';
import { type ChainRules, changedRules } from '../../src/job/reach/changed-rules.ts';
import { chooseAddresses, chooseIcmp, choosePorts, chooseProtocols } from '../../src/job/reach/choose.ts';
import { chooseSender } from '../../src/job/reach/choose-sender.ts';
import { type Conditions } from '../../src/job/reach/conditions.ts';
import { markersOf, withMark } from '../../src/job/reach/markers.ts';
import { conditionsOf } from '../../src/job/reach/read-conditions.ts';
import { tellPackets } from '../../src/job/reach/tell-packets.ts';
import { Ways } from '../../src/job/reach/ways.ts';
import { type Witness, withFewMacs, witnessesOf } from '../../src/job/reach/witnesses.ts';
import { rulesByChain } from '../../src/ruleset/model.ts';
import { readSavedTables } from '../../src/ruleset/saved/read-saved.ts';

const CHAINS = ':INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n';

/** As a save has them. */
function rulesOf(lines: readonly string[], chains = ''): ChainRules {
  const text = `*filter\n${CHAINS}${chains}${lines.map((line) => `${line}\n`).join('')}COMMIT\n`;
  const table = readSavedTables(text).get('filter');
  if (table === undefined) throw new Error('there is no table');
  const byChain = rulesByChain(table.rules);
  return {
    chains: new Map([...table.chains.keys()].map((chain) => [chain, byChain.get(chain) ?? []])),
    policies: new Map(
      [...table.chains.values()].flatMap(({ name, policy }) => (policy === null ? [] : [[name, policy]])),
    ),
  };
}

function conditions(spec: string, family: Family = 'ipv4'): Conditions | null {
  const [rule] = rulesOf([`-A INPUT ${spec} -j DROP`]).chains.get('INPUT') ?? [];
  return rule === undefined ? null : conditionsOf(rule, family, new Map([['friends', ['192.0.2.0/28']]]));
}

function asked(spec: string, family: Family = 'ipv4'): Conditions {
  const found = conditions(spec, family);
  if (found === null) throw new Error(`${spec} cannot be met`);
  return found;
}

const PICTURE: HostPicture = {
  interfaces: [
    { name: 'lo', isUp: true, hasCarrier: true, addresses: [] },
    {
      name: 'eth0',
      isUp: true,
      hasCarrier: true,
      addresses: [{ family: 'ipv4', address: '192.0.2.1', prefixLength: 24, peer: null, isGlobal: true }],
    },
  ],
  routes: { ipv4: ['default via 192.0.2.254 dev eth0'], ipv6: [] },
  rules: { ipv4: [], ipv6: [] },
  settings: new Map(),
};

describe('packets for a rule', () => {
  it('have addresses of its networks, and none of those that it leaves out', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const network = fc.tuple(
      fc.integer({ min: 1, max: 223 }),
      octet,
      octet,
      octet,
      fc.integer({ min: 2, max: 32 }),
    );
    fc.assert(
      fc.property(network, network, ([a, b, c, d, bits], [e, f, g, h, fewer]) => {
        const [within, without] = [new BlockList(), new BlockList()];
        within.addSubnet(`${a}.${b}.${c}.${d}`, bits);
        without.addSubnet(`${e}.${f}.${g}.${h}`, fewer);
        const { sources } = asked(`-s ${a}.${b}.${c}.${d}/${bits} ! -s ${e}.${f}.${g}.${h}/${fewer}`);
        for (const address of chooseAddresses(sources, ['203.0.113.9'], 'ipv4'))
          expect([within.check(address), without.check(address)]).toEqual([true, false]);
      }),
    );
    expect(chooseAddresses(asked('-s 10.0.0.0/8').sources, [], 'ipv4')).toContain('10.0.0.7');
    expect(chooseAddresses(asked('-s 127.0.0.0/8').sources, [], 'ipv4')).toEqual([]);
    expect(chooseAddresses(asked('-s 2001:db8::/64', 'ipv6').sources, [], 'ipv6')).toContain('2001:db8::7');
  });

  it('have ports of its ranges', () => {
    const port = fc.integer({ min: 1, max: 65_535 });
    fc.assert(
      fc.property(port, port, fc.boolean(), (one, other, isNegated) => {
        const [first, last] = [Math.min(one, other), Math.max(one, other)];
        const { ports } = asked(`-p tcp -m tcp ${isNegated ? '! ' : ''}--dport ${first}:${last}`);
        const chosen = choosePorts(ports);
        for (const each of chosen) expect(first <= each && each <= last).toBe(!isNegated);
        if (!isNegated) expect(chosen.length).toBeGreaterThan(0);
      }),
    );
    expect(choosePorts(asked('-p tcp -m multiport --dports 80,443:444').ports)).toEqual([80, 443, 444]);
  });

  it('have protocols and types of ICMP that it takes', () => {
    expect(chooseProtocols(asked('! -p tcp'))).toEqual(['udp', 'icmp']);
    expect(chooseProtocols(asked('-p udp -m udp --dport 1'))).toEqual(['udp']);
    expect(chooseIcmp(asked('-p icmp -m icmp ! --icmp-type 8'), 'ipv4')).toBe('13/0');
    expect(chooseIcmp(asked('-p icmp -m icmp --icmp-type 8'), 'ipv4')).toBe('8/0');
  });

  it.each<[string, object | null]>([
    ['-s 10.0.0.1', {}],
    ['-m owner --uid-owner 33', { uid: 33 }],
    ['-m owner ! --uid-owner 0-999 --gid-owner 50', { uid: 1000, gid: 50 }],
    ['-m owner --uid-owner 33 -m owner --uid-owner 34', null],
    ['-m owner ! --uid-owner 0-4294967294', null],
    ['-m owner --socket-exists', {}],
    ['-m mac --mac-source 02:00:00:00:00:0A', { mac: '02:00:00:00:00:0a' }],
    ['-m mac ! --mac-source 02:00:00:00:00:0a', {}],
    ['-m mac --mac-source 01:00:5e:00:00:01', null],
    ['-m mac --mac-source 00:00:00:00:00:00', null],
  ])('are sent by whom it asks for: %s', (spec, sender) => {
    expect(chooseSender(asked(spec))).toEqual(sender);
  });

  it.each([
    '-m physdev --physdev-in p0',
    '-m owner ! --socket-exists',
    '-m set --match-set nobody src',
    '-p gre',
  ])('cannot be had: %s', (spec) => {
    expect(conditions(spec)).toBeNull();
  });

  const packets = (base: string, spec: string) =>
    [...witnessesOf({ base, conditions: asked(spec) }, 'ipv4', PICTURE)].map(({ packet }) => packet);

  it('go where it stands', () => {
    expect(packets('INPUT', '-i lo -p udp').slice(0, 1)).toEqual([
      {
        direction: 'in',
        in: 'lo',
        from: '127.0.0.1',
        to: '127.0.0.1',
        protocol: 'udp',
        port: 61_001,
        state: 'new',
      },
    ]);
    expect(packets('INPUT', '-i lo -m mac --mac-source 02:00:00:00:00:01')).toEqual([]);
    expect(packets('OUTPUT', '-d 127.0.0.1/32 -p tcp -m tcp --dport 9200 -m owner --uid-owner 33')).toEqual([
      { direction: 'out', to: '127.0.0.1', protocol: 'tcp', port: 9200, state: 'new' },
    ]);
    expect(packets('OUTPUT', '-m mac --mac-source 02:00:00:00:00:01')).toEqual([]);
    expect(packets('INPUT', '-m set --match-set friends src')[0]?.from).toBe('192.0.2.7');
    expect(packets('FORWARD', '')).toEqual([]);
  });

  it('are of a few MAC addresses, and of any that have none', () => {
    const [plain] = witnessesOf({ base: 'INPUT', conditions: asked('-p tcp') }, 'ipv4', PICTURE);
    if (plain === undefined) throw new Error('there is no packet');
    const of = (mac: string): Witness => ({ ...plain, sender: { mac } });
    const all = Array.from({ length: 20 }, (_, index) => [of(`02:00:00:00:00:${index + 10}`), plain]);
    const few = withFewMacs(all);
    expect(few.map((own) => own.length)).toEqual(all.map((_, index) => (index < 8 ? 2 : 1)));
  });

  it('are told as its conditions say', () => {
    const tell = (spec: string, direction: 'in' | 'out' = 'in') =>
      tellPackets(asked(spec), direction, 'ipv4');
    expect(tell('-s 10.0.0.0/8 -p tcp -m tcp --dport 22')).toBe('22/tcp from 10.0.0.0/8');
    expect(tell('-p icmp -m icmp --icmp-type 8 -i eth0')).toBe('icmp echo-request from 0.0.0.0/0 by eth0');
    expect(tell('! -p udp -m conntrack --ctstate ESTABLISHED')).toBe(
      'all but udp from 0.0.0.0/0 (established)',
    );
    expect(tell('-d 10.0.0.1/32 -m owner ! --uid-owner 33', 'out')).toBe(
      'all to 10.0.0.1 of uid other than 33',
    );
    expect(tell('-m mac --mac-source 02:00:00:00:00:01')).toBe('all from 0.0.0.0/0 by MAC 02:00:00:00:00:01');
  });
});

describe('ways to a chain', () => {
  it('are found through jumps, the shortest first, and end where chains go round', () => {
    const rules = rulesOf(
      [
        '-A INPUT -p tcp -j a',
        '-A a -s 10.0.0.0/8 -j b',
        '-A b -j a',
        '-A FORWARD -j b',
        '-A INPUT -p udp -j c',
        '-A c -p tcp -j b',
      ],
      ':a - [0:0]\n:b - [0:0]\n:c - [0:0]\n',
    );
    const ways = new Ways(rules, 'ipv4', new Map());
    const found = ways.to('b').map(({ base, conditions: of }) => [base, tellPackets(of, 'forward', 'ipv4')]);
    expect(found.slice(0, 2)).toEqual([
      ['FORWARD', 'all from 0.0.0.0/0 to 0.0.0.0/0'],
      ['INPUT', 'tcp from 10.0.0.0/8 to 0.0.0.0/0'],
    ]);
  });
});

it('marks are given by rules before, if they are the ones that are asked for', () => {
  const mangle = rulesOf([
    '-A INPUT -p tcp -j MARK --set-xmark 0x1/0xffffffff',
    '-A OUTPUT -p udp -j MARK --set-xmark 0x1/0xff',
  ]);
  const tell = (base: string, spec: string) =>
    withMark({ base, conditions: asked(spec) }, () => markersOf([mangle], 'ipv4', new Map())).map(
      ({ conditions: of }) => tellPackets(of, 'in', 'ipv4'),
    );
  expect(tell('INPUT', '-m mark --mark 0x1')).toEqual(['tcp from 0.0.0.0/0 with mark 0x1']);
  expect(tell('INPUT', '-m mark --mark 0x1/0x3 -s 10.0.0.0/8')).toEqual([
    'tcp from 10.0.0.0/8 with mark 0x1/0x3',
  ]);
  expect(tell('INPUT', '-m mark --mark 0x2')).toEqual([]);
  expect(tell('INPUT', '-m mark --mark 0x0')).toEqual(['all from 0.0.0.0/0 with mark 0x0']);
  expect(tell('INPUT', '-m mark ! --mark 0x80000000/0x80000000')).toHaveLength(1);
  expect(tell('FORWARD', '-m mark --mark 0x1')).toEqual([]);
});

it('the rules that come, go or stand elsewhere are found, and policies', () => {
  const before = rulesOf([
    '-A INPUT -s 10.0.0.1/32 -j DROP',
    '-A INPUT -s 10.0.0.2/32 -j DROP',
    '-A INPUT -s 10.0.0.3/32 -j DROP',
  ]);
  const after = rulesOf([
    '-A INPUT -s 10.0.0.2/32 -j DROP',
    '-A INPUT -s 10.0.0.1/32 -j DROP',
    '-A OUTPUT -j DROP',
  ]);
  const changed = changedRules({
    family: 'ipv4',
    table: 'filter',
    before,
    after: { ...after, policies: new Map([...after.policies, ['FORWARD', 'DROP']]) },
    declarations: new Map([['FORWARD', 3]]),
  });
  expect(changed.map(({ how, text }) => `${how} ${text}`)).toEqual([
    'moved -A INPUT -s 10.0.0.2/32 -j DROP',
    'moved -A INPUT -s 10.0.0.1/32 -j DROP',
    'removed -A INPUT -s 10.0.0.3/32 -j DROP',
    'added -P FORWARD DROP',
    'added -A OUTPUT -j DROP',
  ]);
});

describe('what a change opens and closes, in an event', () => {
  const rule = (text: string): ReachedRule => ({
    family: 'ipv4',
    table: 'filter',
    rule: text,
    how: 'added',
    line: 7,
    change: 'opens',
    what: text,
    before: 'drop',
    after: 'accept',
    packet: null,
  });
  const diffWith = (reach: Reach) => ({ added: 0, removed: 0, unchanged: 0, tables: [], reach });

  it('is cut so that it fits, and what is left out is counted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 2_000 }), { maxLength: 60 }),
        fc.nat(9),
        (texts, more) => {
          const rules = texts.map(rule);
          const { reach } = fitDiff(diffWith({ rules, leftOut: more, untried: 'u'.repeat(1_000) }));
          expect(Buffer.byteLength(JSON.stringify(reach))).toBeLessThan(32 * 1024);
          const kept = reach?.rules ?? [];
          expect(kept.length + (reach?.leftOut ?? 0)).toBe(rules.length + more);
          expect(kept.map(({ line, change }) => ({ line, change }))).toEqual(
            rules.slice(0, kept.length).map(({ line, change }) => ({ line, change })),
          );
        },
      ),
      { numRuns: 30 },
    );
    const long = Array.from({ length: 100 }, () => rule('x'.repeat(500)));
    const { reach } = fitDiff(diffWith({ rules: long, leftOut: 3, untried: null }));
    expect(reach?.rules.length).toBeGreaterThan(20);
    expect(reach?.rules.length).toBeLessThan(40);
    expect(reach?.leftOut).toBe(103 - (reach?.rules.length ?? 0));
    const few = diffWith({ rules: [rule('-A INPUT -j DROP')], leftOut: 0, untried: null });
    expect(fitDiff(few)).toEqual(few);
  });

  it('has no texts where none may leave the host, and all is counted', () => {
    const reach = {
      rules: [rule('-A INPUT -s secret'), rule('secret')],
      leftOut: 3,
      untried: 'it says "secret"',
    };
    const data = { ...COMPLETED_EXAMPLE.data, diff: diffWith(reach) };
    const shown = withoutTexts({ ...COMPLETED_EXAMPLE, data }).data.diff;
    expect(shown?.reach).toEqual({ rules: [], leftOut: 5, untried: 'it says "…"' });
    expect(data.diff.reach).toBe(reach);
  });
});
