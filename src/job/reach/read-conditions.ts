import { icmpTypeOf } from '../../contract/jobs/icmp-types.ts';
import type { Family } from '../../contract/words/identifiers.ts';
import { rangeOf, readNetwork } from '../../list/network.ts';
import type { Rule } from '../../ruleset/model.ts';
import { type RuleOption, readOptions } from '../../ruleset/text/read-options.ts';
import { splitWords } from '../../ruleset/text/split-words.ts';
import { ANY, both, type Conditions, type Protocol, type Range } from './conditions.ts';

/** The first entries of sets, by name. */
export type SetEntries = ReadonlyMap<string, readonly string[]>;

/** Matches that a first packet meets, whatever it has. */
const MET_AT_FIRST = new Set('comment limit hashlimit'.split(' '));
/** Matches of which all conditions are options that are read here. */
const READ = new Set(
  'tcp udp multiport icmp icmp6 conntrack state iprange addrtype set owner mac mark'.split(' '),
);
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  tcp: 'tcp',
  udp: 'udp',
  icmp: 'icmp',
  'ipv6-icmp': 'icmp',
  6: 'tcp',
  17: 'udp',
  1: 'icmp',
  58: 'icmp',
};
const STATES = ['new', 'established'] as const;

/**
 * Reads what a packet must have to meet a rule.
 *
 * @returns `null` if it asks for what no packet here can be given
 */
export function conditionsOf({ spec, jump }: Rule, family: Family, sets: SetEntries): Conditions | null {
  const { options, stray, unknown } = readOptions(splitWords(spec));
  if (stray.length > 0 || unknown.length > 0) return null;
  let all: Conditions | null = ANY;
  for (const option of options) {
    if (option.owner === jump?.target || MET_AT_FIRST.has(option.owner)) continue;
    const one: Partial<Conditions> | null = conditionOf(option, family, sets);
    all = one === null || all === null ? null : both(all, { ...ANY, ...one });
  }
  return all;
}

type Read = (option: RuleOption, family: Family, sets: SetEntries) => Partial<Conditions> | null;

/** By the match and its option. */
const READERS: Readonly<Record<string, Read>> = {
  'iptables s': (option) => addresses('sources', option),
  'iptables d': (option) => addresses('destinations', option),
  'iptables i': ({ values: [pattern = ''], isNegated }) => ({ inBy: [{ pattern, isNegated }] }),
  'iptables o': ({ values: [pattern = ''], isNegated }) => ({ outBy: [{ pattern, isNegated }] }),
  'iptables j': () => ({}),
  'iptables g': () => ({}),
  'iptables m': ({ values: [name = ''] }) => (READ.has(name) || MET_AT_FIRST.has(name) ? {} : null),
  'iptables p': readProtocol,
  'tcp sport': (option) => portsIn('sourcePorts', option),
  'tcp dport': (option) => portsIn('ports', option),
  'tcp tcp-flags': ({ values, isNegated }) =>
    values.join(' ') === 'FIN,SYN,RST,ACK SYN' ? { states: [isNegated ? 'established' : 'new'] } : null,
  'tcp syn': ({ isNegated }) => ({ states: [isNegated ? 'established' : 'new'] }),
  'udp sport': (option) => portsIn('sourcePorts', option),
  'udp dport': (option) => portsIn('ports', option),
  'multiport sports': (option) => portsIn('sourcePorts', option),
  'multiport dports': (option) => portsIn('ports', option),
  'multiport ports': (option) => portsIn('ports', option),
  'icmp icmp-type': readIcmp,
  'icmp6 icmpv6-type': readIcmp,
  'conntrack ctstate': readStates,
  'state state': readStates,
  'iprange src-range': (option) => addresses('sources', option),
  'iprange dst-range': (option) => addresses('destinations', option),
  'addrtype dst-type': ({ values: [type], isNegated }) => (type === 'LOCAL' ? { isLocal: !isNegated } : null),
  'set match-set': readSet,
  'owner uid-owner': (option) => idsIn('uids', option),
  'owner gid-owner': (option) => idsIn('gids', option),
  // Of what the kernel sends by itself, nothing can be sent here.
  'owner socket-exists': ({ isNegated }) => (isNegated ? null : { isSent: true }),
  'owner suppl-groups': () => ({}),
  'mark mark': readMark,
  // What the host sends, also to itself, has no such address at all.
  'mac mac-source': ({ values: [sent = ''], isNegated }) => ({
    macs: [{ address: sent.toLowerCase(), isNegated }],
    isSent: false,
  }),
};

function conditionOf(option: RuleOption, family: Family, sets: SetEntries): Partial<Conditions> | null {
  return READERS[`${option.owner} ${option.name}`]?.(option, family, sets) ?? null;
}

function readProtocol({ values: [sent = ''], isNegated }: RuleOption): Partial<Conditions> | null {
  const word = sent.toLowerCase();
  if (word === 'all' || word === '0') return isNegated ? null : {};
  const name = PROTOCOLS[word];
  // What is no protocol of these three is met by all three.
  if (name === undefined) return isNegated ? {} : null;
  return { protocols: [{ name, isNegated }] };
}

function addresses(which: 'sources' | 'destinations', { values: [text = ''], isNegated }: RuleOption) {
  const range = addressRange(text);
  return range === null ? null : { [which]: [{ ranges: [range], isNegated, text }] };
}

/** Of a network, an address, or `FIRST-LAST`. */
function addressRange(text: string): Range<bigint> | null {
  const [from = '', to] = text.split('-');
  if (from.endsWith('/0')) return { first: 0n, last: 1n << 128n };
  const first = readNetwork(from);
  const last = to === undefined ? first : readNetwork(to);
  if (typeof first === 'string' || typeof last === 'string') return null;
  return { first: rangeOf(first).first, last: rangeOf(last).last };
}

function readSet({ values: [name = '', way = ''], isNegated }: RuleOption, _: Family, sets: SetEntries) {
  const entries = sets.get(name) ?? [];
  const ranges = entries.map(addressRange).filter((range) => range !== null);
  if (ranges.length === 0 && !isNegated) return null;
  const condition = { ranges, isNegated, text: `the set ${name}` };
  if (way === 'src') return { sources: [condition] };
  return way === 'dst' ? { destinations: [condition] } : null;
}

function portsIn(which: 'sourcePorts' | 'ports', { values: [text = ''], isNegated }: RuleOption) {
  const ranges = text.split(',').map((part) => {
    const [first = '', last = first] = part.split(':');
    return { first: Number(first === '' ? 0 : first), last: Number(last === '' ? 65_535 : last) };
  });
  if (ranges.some(({ first, last }) => Number.isNaN(first) || Number.isNaN(last))) return null;
  return { [which]: [{ ranges, isNegated, text }] };
}

function idsIn(which: 'uids' | 'gids', { values: [text = ''], isNegated }: RuleOption) {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (first === undefined) return null;
  const condition = { ranges: [{ first: Number(first), last: Number(last) }], isNegated, text };
  return { [which]: [condition], isSent: true };
}

function readMark({ values: [text = ''], isNegated }: RuleOption) {
  const [value = Number.NaN, mask = 0xff_ff_ff_ff] = text.split('/').map(Number);
  return Number.isNaN(value + mask) ? null : { marks: [{ value, mask, isNegated, text }] };
}

function readIcmp({ values: [sent = ''], isNegated }: RuleOption, family: Family) {
  if (sent === 'any' || sent === '255') return isNegated ? null : {};
  const found = icmpTypeOf(sent, family);
  return found === undefined ? null : { icmp: [{ type: found.join('/'), isNegated }] };
}

function readStates({ values: [text = ''], isNegated }: RuleOption): Partial<Conditions> | null {
  const named = new Set(text.toLowerCase().split(','));
  const states = STATES.filter((state) => named.has(state) !== isNegated);
  return states.length === 0 ? null : { states };
}
