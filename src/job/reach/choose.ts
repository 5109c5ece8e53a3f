import type { Family } from '../../contract/words/identifiers.ts';
import { rangeOf, readNetwork } from '../../list/network.ts';
import type { HostInterface, HostPicture } from '../ports/packets.ts';
import type { Condition, Conditions, Protocol } from './conditions.ts';

/** For examples: nobody has them (RFC 5737, RFC 3849), so that they are of somebody far away. */
const FAR = {
  ipv4: ['203.0.113.9', '198.51.100.77', '192.0.2.77'],
  ipv6: ['2001:db8:ffff::9', '2001:db8:aaaa::77'],
};
/** That no rule is likely to speak of. */
const UNNAMED_PORTS = [61_001, 5_301];
const PROTOCOLS: readonly Protocol[] = ['tcp', 'udp', 'icmp'];
const ECHO_REQUEST = { ipv4: '8/0', ipv6: '128/0' };

/** The addresses that a packet may have, of which the first are the likeliest to find their way. */
export function chooseAddresses(
  conditions: readonly Condition<bigint>[],
  pool: readonly string[],
  family: Family,
): string[] {
  const edges = conditions.flatMap(({ ranges, isNegated }) =>
    ranges.slice(0, 4).flatMap(({ first, last }) => {
      if (isNegated) return [first - 1n, last + 1n];
      const middle = first + (last - first) / 2n;
      return [first + 7n < last ? first + 7n : first, middle + 1n < last ? middle + 1n : middle, first, last];
    }),
  );
  const all = [...pool, ...edges.flatMap((number) => textOf(number, family) ?? [])];
  return [...new Set(all)].filter((address) => {
    const number = numberOf(address);
    return number !== null && isOfOneHost(number, family) && conditions.every((one) => holds(one, number));
  });
}

/** The ports that a packet may have; one above all that are spoken of, if it may be any. */
export function choosePorts(conditions: readonly Condition<number>[]): number[] {
  const edges = conditions.flatMap(({ ranges, isNegated }) =>
    ranges.flatMap(({ first, last }) => (isNegated ? [first - 1, last + 1] : [first, last])),
  );
  const isPort = (port: number) => port > 0 && port <= 65_535;
  return [...new Set([...edges, ...UNNAMED_PORTS])].filter(
    (port) => isPort(port) && conditions.every((one) => holds(one, port)),
  );
}

/** Whether an address meets all conditions. */
export function meetsAll(conditions: readonly Condition<bigint>[], address: string): boolean {
  const number = numberOf(address);
  return number !== null && conditions.every((one) => holds(one, number));
}

export function holds<T extends bigint | number>({ ranges, isNegated }: Condition<T>, value: T): boolean {
  return ranges.some(({ first, last }) => first <= value && value <= last) !== isNegated;
}

/** TCP, UDP and ICMP as far as the conditions allow each, with the types of ICMP. */
export function chooseProtocols({ protocols, icmp, ports, sourcePorts }: Conditions): Protocol[] {
  const allowed = PROTOCOLS.filter((name) => protocols.every((one) => (one.name === name) !== one.isNegated));
  if (icmp.length > 0) return allowed.filter((name) => name === 'icmp');
  const hasPorts = ports.length + sourcePorts.length > 0;
  return hasPorts ? allowed.filter((name) => name !== 'icmp') : allowed;
}

/** A type of ICMP that meets all conditions; `null`: there is none. */
export function chooseIcmp({ icmp }: Conditions, family: Family): string | null {
  const wanted = icmp.filter(({ isNegated }) => !isNegated).map(({ type }) => type);
  const refused = new Set(icmp.filter(({ isNegated }) => isNegated).map(({ type }) => type));
  const types = wanted.length > 0 ? wanted : [ECHO_REQUEST[family], family === 'ipv4' ? '13/0' : '4/0'];
  return types.find((type) => wanted.every((one) => one === type) && !refused.has(type)) ?? null;
}

/** Interfaces whose names meet the conditions. `eth+` is every one that begins so. */
export function chooseInterfaces(
  conditions: Conditions['inBy'],
  { interfaces }: HostPicture,
): readonly HostInterface[] {
  return interfaces.filter(({ name }) =>
    conditions.every(({ pattern, isNegated }) => {
      const isMet = pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
      return isMet !== isNegated;
    }),
  );
}

/** Addresses of hosts behind an interface: of its own networks, and far ones, if the way to them is by it. */
export function addressesBehind(link: HostInterface, picture: HostPicture, family: Family): string[] {
  const near = link.addresses
    .filter((own) => own.family === family && own.isGlobal)
    .flatMap(({ address, prefixLength }) => neighbourOf(`${address}/${prefixLength}`, address) ?? []);
  const isDefault = picture.routes[family].some((line) =>
    new RegExp(`^(?:unicast )?default .*\\bdev ${escaped(link.name)}(?: |$)`).test(line),
  );
  if (!isDefault) return near;
  const networks = picture.interfaces
    .flatMap(({ addresses }) => addresses)
    .filter((own) => own.family === family)
    .map(({ address, prefixLength }) => readNetwork(`${address}/${prefixLength}`));
  const far = FAR[family].filter((address) => {
    const number = numberOf(address) ?? 0n;
    return !networks.some((network) => {
      if (typeof network === 'string') return false;
      const { first, last } = rangeOf(network);
      return first <= number && number <= last;
    });
  });
  return [...far, ...near];
}

/** Another address of the same network. */
function neighbourOf(network: string, own: string): string | null {
  const read = readNetwork(network);
  if (typeof read === 'string') return null;
  const { first, last } = rangeOf(read);
  const at = numberOf(own) ?? first;
  const other = [at + 76n, first + 76n, at + 1n, at - 1n].find(
    (number) => number > first && number < last && number !== at,
  );
  return other === undefined ? null : textOf(other, read.family);
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function numberOf(address: string): bigint | null {
  const read = readNetwork(address);
  return typeof read === 'string' ? null : rangeOf(read).first;
}

/** Whether an address can be that of one host, somewhere: no loopback, multicast, broadcast or address of a link. */
function isOfOneHost(number: bigint, family: Family): boolean {
  if (family === 'ipv6') {
    const high = Number(number >> 112n);
    return high >= 0x2000 && high < 0xfe00;
  }
  const first = Number(number >> 24n);
  return first > 0 && first < 224 && first !== 127 && number >> 16n !== 0xa9fen;
}

function textOf(number: bigint, family: Family): string | null {
  const bits = family === 'ipv4' ? 32n : 128n;
  if (number < 0n || number >= 1n << bits) return null;
  if (family === 'ipv4') return [24n, 16n, 8n, 0n].map((shift) => String((number >> shift) & 255n)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (number >> BigInt(112 - 16 * index)) & 0xffffn);
  const read = readNetwork(groups.map((group) => group.toString(16)).join(':'));
  return typeof read === 'string' ? null : read.text;
}
