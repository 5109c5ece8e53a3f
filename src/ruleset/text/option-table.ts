import { MATCH_OPTIONS, TARGET_OPTIONS } from './extension-options.ts';

/** An option, and what it takes. */
export interface OptionKind {
  /** The full name, such as `comment`. An option of iptables itself has its letter, such as `j`. */
  name: string;
  /** `iptables`, or the match or target that it belongs to. */
  owner: string;
  /** How many words follow. `attached`: none, but the same word may go on with a value. `maybe`: one, if that is no option. */
  takes: 0 | 1 | 2 | 'attached' | 'maybe';
  /** Whether the word is the address of a host or a network. iptables would look up a name there. */
  isAddress: boolean;
}

export type OptionTable = ReadonlyMap<string, OptionKind>;

/** `original_opts` in iptables/iptables.c. After the letter, `1` means: a word follows; `2`: a value may be in the same word. */
const LONG_NAMES =
  'append=A1 delete=D1 check=C1 insert=I1 replace=R1 list=L2 list-rules=S2 flush=F2 zero=Z2 new-chain=N1 ' +
  'delete-chain=X2 rename-chain=E1 policy=P1 source=s1 destination=d1 src=s1 dst=d1 protocol=p1 in-interface=i1 ' +
  'jump=j1 table=t1 match=m1 numeric=n out-interface=o1 verbose=v wait=w2 wait-interval=W2 exact=x fragments=f ' +
  'version=V help=h2 line-numbers=0 modprobe=M1 set-counters=c1 goto=g1 ipv4=4 ipv6=6';
/** `IPT_OPTSTRING` in iptables/xshared.h: the letters that have no long name. */
const MORE_LETTERS = ['b'];

function baseKind(letter: string, takes: string | undefined): OptionKind {
  const isAddress = letter === 's' || letter === 'd';
  return {
    name: letter,
    owner: 'iptables',
    takes: takes === '1' ? 1 : takes === '2' ? 'attached' : 0,
    isAddress,
  };
}

const BASE_ENTRIES = LONG_NAMES.split(' ').map((entry) => {
  const [long = '', code = ''] = entry.split('=');
  return [long, baseKind(code.charAt(0), code[1])] as const;
});

/** The options of iptables itself, by their long names. */
export const BASE_OPTIONS: OptionTable = new Map(BASE_ENTRIES);

/** The options of iptables itself, by their letters. */
export const BASE_LETTERS: OptionTable = new Map([
  ...BASE_ENTRIES.filter(([, { name }]) => name !== '0').map(([, kind]) => [kind.name, kind] as const),
  ...MORE_LETTERS.map((letter) => [letter, baseKind(letter, undefined)] as const),
]);

const TAKES = { '': 0, '=': 1, '@': 1, '==': 2, '?': 'maybe' } as const;

function readTable(owner: string, options: string): OptionTable {
  const kinds = options.split(' ').map((option): [string, OptionKind] => {
    const [, name = '', takes = ''] = /^([^=@?]*)(.*)$/.exec(option) ?? [];
    const kind = { name, owner, takes: TAKES[takes as keyof typeof TAKES], isAddress: takes === '@' };
    return [name, kind];
  });
  return new Map(options === '' ? [] : kinds);
}

function readTables(tables: Readonly<Record<string, string>>): Map<string, OptionTable> {
  return new Map(Object.entries(tables).map(([owner, options]) => [owner, readTable(owner, options)]));
}

const MATCHES = readTables(MATCH_OPTIONS);
const TARGETS = readTables(TARGET_OPTIONS);

/** The options of each match and target. */
export const EXTENSION_TABLES: readonly OptionTable[] = [...MATCHES.values(), ...TARGETS.values()];

/** Other names of matches, and the numbers of protocols (`xtables_chain_protos` and /etc/protocols). */
const MATCH_ALIASES: Readonly<Record<string, string>> = {
  icmpv6: 'icmp6',
  'ipv6-icmp': 'icmp6',
  'mobility-header': 'mh',
  'ipv6-mh': 'mh',
  udplite: 'udp',
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  50: 'esp',
  51: 'ah',
  58: 'icmp6',
  108: 'ipcomp',
  132: 'sctp',
  135: 'mh',
  136: 'udp',
};

/** Returns the options of a match; `undefined` if the match is not known here. */
export function matchOptions(name: string): OptionTable | undefined {
  return MATCHES.get(Object.hasOwn(MATCH_ALIASES, name) ? (MATCH_ALIASES[name] ?? name) : name);
}

/** Returns the options of a target; `undefined` for a chain, or a target that is not known here. */
export function targetOptions(name: string): OptionTable | undefined {
  return TARGETS.get(name);
}
