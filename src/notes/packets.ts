import type { Family } from '../contract/words/identifiers.ts';
import { type Network, readNetwork } from '../list/network.ts';
import type { RuleOption } from '../ruleset/text/read-options.ts';
import { type PortRange, readPorts } from './port-ranges.ts';

/** Which packets a rule takes, as far as that can be compared with what another takes. `null`: of any value. */
export interface Packets {
  source: Network | null;
  destination: Network | null;
  protocol: string | null;
  sourcePorts: readonly PortRange[] | null;
  destinationPorts: readonly PortRange[] | null;
  /** All other conditions, by their option: two of them are the same if their texts are. */
  others: ReadonlyMap<string, string>;
  /** Whether the rule takes a packet each time that it meets all this: `limit` and its like do not. */
  isSteady: boolean;
}

/**
 * Matches that say the same of a packet however often, and wherever in a chain, they are asked. Not so those that count, choose at
 * random or look at the clock, and those for which a rule in between may change what is looked at (`mark`, `set`, `ttl`).
 */
const STEADY = new Set(
  'iptables tcp udp udplite icmp icmp6 conntrack state multiport addrtype iprange length mac pkttype sctp dccp physdev'.split(
    ' ',
  ),
);
/** A time that runs down. */
const UNSTEADY_OPTIONS = new Set(['ctexpire']);
const PROTOCOLS: Readonly<Record<string, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'ipv6-icmp',
  icmpv6: 'ipv6-icmp',
};
const ANY_PROTOCOL = new Set(['all', '0']);
const ANY_ADDRESS = /\/(?:0|0\.0\.0\.0)$/;
/** Options that choose no packets: what the rule does, and what it is called. */
const NO_CONDITIONS = new Set(['A', 'I', 'j', 'g', 'c']);
/** The most rules that one line may make of its addresses, to be compared. */
const MOST_COPIES = 64;

/**
 * Reads the conditions of a rule. A line of several addresses makes several rules.
 *
 * @param target whose options choose no packets
 * @returns `null` if there are too many addresses
 */
export function readPackets(
  options: readonly RuleOption[],
  target: string,
  family: Family,
): Packets[] | null {
  const conditions = options.filter(
    ({ owner, name }) =>
      owner !== target && owner !== 'comment' && !(owner === 'iptables' && NO_CONDITIONS.has(name)),
  );
  const rest = new Rest();
  const sources = readAddresses(conditions, 's', family, rest);
  const destinations = readAddresses(conditions, 'd', family, rest);
  if (sources.length * destinations.length > MOST_COPIES) return null;
  for (const option of conditions) rest.read(option);
  const { protocol, sourcePorts, destinationPorts, others, isSteady } = rest;
  const shared = { protocol, sourcePorts, destinationPorts, others, isSteady };
  return sources.flatMap((source) => destinations.map((destination) => ({ source, destination, ...shared })));
}

function readAddresses(
  options: readonly RuleOption[],
  letter: 's' | 'd',
  family: Family,
  rest: Rest,
): (Network | null)[] {
  const option = options.find(({ owner, name }) => owner === 'iptables' && name === letter);
  if (option === undefined) return [null];
  const texts = (option.values[0] ?? '').split(',');
  const networks = texts.map((text) => (ANY_ADDRESS.test(text) ? null : readNetwork(text)));
  const isRead = (one: (typeof networks)[number]): one is Exclude<typeof one, string> =>
    one === null || (typeof one !== 'string' && one.family === family);
  if (!option.isNegated && networks.every(isRead)) return networks;
  rest.keep(option);
  return [null];
}

/** The conditions besides addresses. */
class Rest {
  protocol: string | null = null;
  sourcePorts: readonly PortRange[] | null = null;
  destinationPorts: readonly PortRange[] | null = null;
  readonly others = new Map<string, string>();
  isSteady = true;

  read(option: RuleOption): void {
    const { owner, name, isNegated } = option;
    if (!STEADY.has(owner) || UNSTEADY_OPTIONS.has(name)) this.isSteady = false;
    if (owner === 'iptables' && 'spdm'.includes(name)) this.#readOwn(option);
    else if (isNegated || !this.#readPorts(option)) this.keep(option);
  }

  #readOwn(option: RuleOption): void {
    const { name, isNegated, values } = option;
    const [sent = ''] = values;
    if (name === 'm') this.#readMatch(sent);
    else if (name === 'p' && isNegated) this.keep(option);
    else if (name === 'p' && !ANY_PROTOCOL.has(sent.toLowerCase()))
      this.protocol = PROTOCOLS[sent.toLowerCase()] ?? sent.toLowerCase();
  }

  /** A match may choose packets without an option, as `rpfilter` does. */
  #readMatch(name: string): void {
    if (STEADY.has(name) || name === 'comment') return;
    this.others.set(`match ${name}`, '');
    this.isSteady = false;
  }

  /** An option of which only its text is compared. */
  keep({ owner, name, isNegated, values }: RuleOption): void {
    const key = `${isNegated ? '!' : ''}${owner} ${name}`;
    const text = name === 'ctstate' || name === 'state' ? sortWords(values) : values.join(' ');
    const known = this.others.get(key);
    this.others.set(key, known === undefined ? text : `${known}\n${text}`);
  }

  #readPorts({ name, values }: RuleOption): boolean {
    const ranges = readPorts(values[0] ?? '');
    if (ranges === null) return false;
    if (/^(?:sport|source-port)s?$/.test(name) && this.sourcePorts === null) this.sourcePorts = ranges;
    else if (/^(?:dport|destination-port)s?$/.test(name) && this.destinationPorts === null)
      this.destinationPorts = ranges;
    else return false;
    return true;
  }
}

function sortWords(values: readonly string[]): string {
  return (values[0] ?? '').split(',').toSorted().join(',');
}
