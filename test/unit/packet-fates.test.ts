import { describe, expect, it } from 'vitest';
import { batchesOf, directProbes } from '../../src/job/rehearse/packet-batches.ts';
import type { ProbedTest } from '../../src/job/rehearse/resolve-tests.ts';
import { readSavedTables } from '../../src/ruleset/saved/read-saved.ts';
import {
  findAccepting,
  findRefusing,
  findTranslating,
  oppositeOf,
} from '../../src/ruleset/trial/deciding-rule.ts';
import { fateOf } from '../../src/ruleset/trial/fate.ts';
import { objectNames } from '../../src/ruleset/trial/objects.ts';
import { metIn, oddRuleOf, withMeters } from '../../src/ruleset/trial/odd-matches.ts';
import type { Observation, Probe, SeenPacket } from '../../src/ruleset/trial/packets.ts';
import { isTakenAnywhere } from '../../src/ruleset/trial/taken-anywhere.ts';

const PROBE: Probe = {
  number: 4,
  family: 'ipv4',
  protocol: 'tcp',
  sender: 'eth0',
  from: '203.0.113.9',
  fromPort: 33_004,
  to: '192.0.2.1',
  port: 22,
  icmp: [8, 0],
  state: 'new',
  listeners: [{ place: null, address: '192.0.2.1', port: 22 }],
};
const UDP: Probe = { ...PROBE, protocol: 'udp' };
const seenPacket = (packet: Partial<SeenPacket>, place: string | null = 'eth0'): Observation => ({
  kind: 'packet',
  place,
  packet: {
    family: 'ipv4',
    from: '192.0.2.1',
    to: '203.0.113.9',
    protocol: 'tcp',
    first: 22,
    second: 33_004,
    tcpFlags: 0,
    number: null,
    round: null,
    about: null,
    ...packet,
  },
});
const arrived = (address = '192.0.2.1', port = 22, round = 0): Observation => ({
  kind: 'arrived',
  place: null,
  number: 4,
  round,
  address,
  port,
});
const ANSWERED: Observation = { kind: 'answered', number: 4, round: 0 };
/** The first packet of a connection, as it arrives. */
const begun = (packet: Partial<SeenPacket>, place: string | null = null): Observation =>
  seenPacket(
    { to: '192.0.2.1', first: 33_004, second: 22, tcpFlags: 2, number: 4, round: 0, ...packet },
    place,
  );
const sent: SeenPacket = {
  family: 'ipv4',
  from: '203.0.113.9',
  to: '192.0.2.1',
  protocol: 'udp',
  first: 33_004,
  second: 22,
  tcpFlags: 0,
  number: null,
  round: null,
  about: null,
};

describe('what became of a packet', () => {
  it.each<[string, Probe, Observation[], object]>([
    ['nothing is seen', PROBE, [], { kind: 'drop' }],
    ['a connection is made', PROBE, [arrived(), ANSWERED], { kind: 'accept' }],
    ['nobody is answered', PROBE, [arrived()], { kind: 'no-answer' }],
    ['a datagram arrives', UDP, [arrived()], { kind: 'accept' }],
    ['another one arrives', UDP, [{ ...arrived(), number: 5 } as Observation], { kind: 'drop' }],
    ['one of a later round arrives', UDP, [arrived('192.0.2.1', 22, 1)], { kind: 'drop' }],
    ['it arrives elsewhere', UDP, [arrived('10.0.0.5', 80)], { kind: 'dnat', address: '10.0.0.5', port: 80 }],
    ['it begins and is not answered', PROBE, [begun({})], { kind: 'no-answer' }],
    ['it begins, from a port that NAT has chosen', PROBE, [begun({ first: 1024 })], { kind: 'no-answer' }],
    ['another begins, from a port like any', PROBE, [begun({ first: 777, number: 5 })], { kind: 'drop' }],
    ['another begins, from the same port', PROBE, [begun({ number: 5 })], { kind: 'drop' }],
    ['a reset comes back', PROBE, [seenPacket({ tcpFlags: 4 })], { kind: 'reject', with: 'tcp-reset' }],
    ['a reset of another port comes back', PROBE, [seenPacket({ tcpFlags: 4, first: 23 })], { kind: 'drop' }],
    [
      'an error about it comes back',
      UDP,
      [seenPacket({ protocol: 'icmp', first: 3, second: 13, about: sent })],
      { kind: 'reject', with: 'icmp-admin-prohibited' },
    ],
    [
      'an error about another one comes back',
      UDP,
      [seenPacket({ protocol: 'icmp', first: 3, second: 13, about: { ...sent, first: 33_005 } })],
      { kind: 'drop' },
    ],
    [
      'an error about another echo comes back',
      { ...PROBE, protocol: 'icmp', port: 0 },
      [
        seenPacket({
          protocol: 'icmp',
          first: 3,
          second: 13,
          about: { ...sent, protocol: 'icmp', number: 5 },
        }),
      ],
      { kind: 'drop' },
    ],
    [
      'an error that is no refusal comes back',
      UDP,
      [seenPacket({ protocol: 'icmp', first: 11, second: 0, about: sent })],
      { kind: 'reject', with: 'icmp type 11 code 0' },
    ],
  ])('is seen where %s', (_when, probe, seen, fate) => {
    expect(fateOf(probe, 0, seen)).toEqual(fate);
  });

  it('is seen of each alone: none that is tried beside it comes from its port, or goes there', () => {
    const of = (probe: Partial<Probe>, number: number): ProbedTest => ({
      test: { name: String(number), protocol: 'tcp', expect: 'drop' },
      expected: { kind: 'dnat', address: '10.1.0.5', port: 80 },
      direction: 'in',
      reason: null,
      probe: {
        ...PROBE,
        number,
        listeners: [...PROBE.listeners, { place: 'eth1', address: '10.1.0.5', port: 80 }],
        ...probe,
      },
    });
    const ports = [65_535, 60_535, 22, 65_534, 33_000, 33_000, 1];
    const probed = [
      ...ports.map((fromPort, index) => of({ fromPort }, index)),
      of({ fromPort: 33_008, port: 65_535 }, 7),
      of({ fromPort: 33_000, protocol: 'udp' }, 8),
    ];
    const batches = batchesOf(probed, false);
    expect(
      batches
        .flat()
        .map(({ probe: { number } }) => number)
        .toSorted((a, b) => a - b),
    ).toEqual([...probed.keys()]);
    for (const batch of batches) {
      const probes = [...batch.map(({ probe }) => probe), ...directProbes(batch).values()];
      expect(probes).toHaveLength(batch.length * 2);
      const sources = probes.map(({ protocol, fromPort }) => `${protocol} ${fromPort}`);
      expect(new Set(sources).size).toBe(probes.length);
      for (const { protocol, port, listeners, fromPort } of probes) {
        expect(fromPort).toBeLessThanOrEqual(65_535);
        for (const to of [port, ...listeners.map((one) => one.port)])
          expect(sources.filter((source) => source === `${protocol} ${to}`)).toEqual(
            to === fromPort ? [`${protocol} ${to}`] : [],
          );
      }
    }
  });

  it('is seen of an echo by its reply', () => {
    const echo: Probe = {
      ...PROBE,
      protocol: 'icmp',
      port: 0,
      listeners: [{ place: null, address: '192.0.2.1', port: 0 }],
    };
    const request = seenPacket(
      { protocol: 'icmp', to: '192.0.2.1', first: 8, second: 0, number: 4, round: 0 },
      null,
    );
    const reply = seenPacket({ protocol: 'icmp', first: 0, second: 0, number: 4, round: 0 });
    expect(fateOf(echo, 0, [request])).toEqual({ kind: 'no-answer' });
    expect(fateOf(echo, 0, [request, reply])).toEqual({ kind: 'accept' });
    expect(fateOf(echo, 0, [reply])).toEqual({ kind: 'drop' });
  });
});

const COUNTED = readSavedTables(
  [
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    '[1:60] -A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.5',
    'COMMIT',
    '*filter',
    ':INPUT DROP [0:0]',
    ':FORWARD DROP [3:180]',
    ':OUTPUT ACCEPT [0:0]',
    ':a - [0:0]',
    '[1:60] -A INPUT -j a',
    '[0:0] -A INPUT -p tcp -j DROP',
    '[1:60] -A INPUT -p udp -j REJECT --reject-with icmp-port-unreachable',
    '[1:60] -A a -j LOG',
    '[1:60] -A a -p tcp -j RETURN',
    '[9:540] -A a -j ACCEPT',
    'COMMIT',
    '',
  ].join('\n'),
);

describe('what may have decided', () => {
  it('is each rule that refused and has counted, and then the policies: the kernel sends packets of its own', () => {
    const found = findRefusing(COUNTED, 'in');
    expect(found).toMatchObject([
      { chain: 'INPUT', index: 2, verdict: 'REJECT' },
      { chain: 'FORWARD', rule: null, verdict: 'DROP' },
    ]);
    expect(found.map(oppositeOf)).toEqual([
      '*filter\n-R INPUT 3 -p udp -j ACCEPT\nCOMMIT\n',
      '*filter\n-P FORWARD ACCEPT\nCOMMIT\n',
    ]);
  });

  it('is followed through jumps, and beyond what ended another packet; last, the policy', () => {
    expect(findAccepting(COUNTED, 'in')).toMatchObject([
      { chain: 'a', index: 2, verdict: 'ACCEPT' },
      { chain: 'INPUT', index: 2, verdict: 'REJECT' },
      { chain: 'INPUT', rule: null, verdict: 'DROP' },
    ]);
    expect(findAccepting(COUNTED, 'forward')).toMatchObject([{ chain: 'FORWARD', rule: null }]);
  });

  it('is what translated', () => {
    const found = findTranslating(COUNTED, 'in');
    expect(found).toMatchObject([
      { table: 'nat', verdict: 'DNAT', index: 0 },
      { chain: 'PREROUTING', rule: null, verdict: 'ACCEPT' },
    ]);
    expect(found.map(oppositeOf)).toEqual(['*nat\n-R PREROUTING 1 -p tcp -j ACCEPT\nCOMMIT\n', null]);
    expect(findTranslating(COUNTED, 'out')).toEqual([]);
  });
});

describe('rules that a trial has to be careful with', () => {
  it.each([
    ['-A INPUT -m owner --uid-owner 33 -j DROP', true],
    ['-A INPUT -m limit --limit 1/s -j ACCEPT', false],
    ['-A INPUT -m limit --limit 1/s -j LOG', null],
    ['-A INPUT -m limit --limit 1/s', null],
    ['-A INPUT -s 10.0.0.1/32 -j DROP', null],
    ['-A INPUT -m recent --set -m mac --mac-source 02:00:00:00:00:01 -j DROP', true],
  ])('%s', (line, isUntriable) => {
    expect(oddRuleOf(line)?.isUntriable ?? null).toBe(isUntriable);
  });

  it('have one before them that counts what else they ask for', () => {
    const line = '-A INPUT -p tcp -m limit --limit 1/s -m tcp --dport 22 -j ACCEPT';
    const { text, odd } = withMeters(`*filter\n${line}\nCOMMIT\n`, false);
    expect(text.split('\n').slice(1, 3)).toEqual([
      '-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "fleetwall met 0"',
      line,
    ]);
    expect(metIn(`[0:0] ${text.split('\n')[1]}\n`, odd)).toEqual([]);
    expect(metIn(`[2:90] ${text.split('\n')[1]}\n`, odd)).toEqual(odd);
  });
});

it('objects that rules name are found once each, and not where a comment has their words', () => {
  expect(
    objectNames([
      '-A INPUT -m set --match-set friends src -j SET --add-set seen src',
      '-A INPUT -m set ! --match-set "friends" src -m comment --comment "-m set --match-set none src" -j DROP',
      '-A INPUT -m nfacct --nfacct-name web',
      '-A PREROUTING -j CT --timeout slow',
    ]),
  ).toEqual({ sets: ['friends', 'seen'], accounts: ['web'], estimators: [], timeouts: ['slow'] });
});

it('a rule is taken wherever its chain is reached from, if nothing in it names hooks', () => {
  expect(
    isTakenAnywhere('-A a -s 10.0.0.0/8 -p tcp -m tcp ! --dport 22 -m comment --comment "a b" -j DROP'),
  ).toBe(true);
  for (const other of ['-A a -m owner --uid-owner 33 -j DROP', '-A a -j REJECT', '-A a -j b', '-A a -p tcp'])
    expect(isTakenAnywhere(other)).toBe(false);
});
