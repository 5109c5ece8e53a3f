import type { Family } from '../words/identifiers.ts';

/** Names of types, as `iptables -p icmp -h` and `ip6tables -p icmpv6 -h` have them. */
export const ICMP_TYPES: Readonly<Record<Family, Readonly<Record<string, readonly [number, number]>>>> = {
  ipv4: {
    'echo-request': [8, 0],
    ping: [8, 0],
    'echo-reply': [0, 0],
    pong: [0, 0],
    'destination-unreachable': [3, 0],
    'network-unreachable': [3, 0],
    'host-unreachable': [3, 1],
    'protocol-unreachable': [3, 2],
    'port-unreachable': [3, 3],
    'fragmentation-needed': [3, 4],
    'source-quench': [4, 0],
    redirect: [5, 0],
    'router-advertisement': [9, 0],
    'router-solicitation': [10, 0],
    'time-exceeded': [11, 0],
    'ttl-exceeded': [11, 0],
    'parameter-problem': [12, 0],
    'timestamp-request': [13, 0],
    'timestamp-reply': [14, 0],
    'address-mask-request': [17, 0],
    'address-mask-reply': [18, 0],
  },
  ipv6: {
    'echo-request': [128, 0],
    ping: [128, 0],
    'echo-reply': [129, 0],
    pong: [129, 0],
    'destination-unreachable': [1, 0],
    'no-route': [1, 0],
    'address-unreachable': [1, 3],
    'port-unreachable': [1, 4],
    'packet-too-big': [2, 0],
    'time-exceeded': [3, 0],
    'ttl-exceeded': [3, 0],
    'parameter-problem': [4, 0],
    'router-solicitation': [133, 0],
    'router-advertisement': [134, 0],
    redirect: [137, 0],
  },
};

/** Type and code; `undefined`: there is no such type. */
export function icmpTypeOf(name: string, family: Family): readonly [type: number, code: number] | undefined {
  const known = Object.hasOwn(ICMP_TYPES[family], name) ? ICMP_TYPES[family][name] : undefined;
  if (known !== undefined) return known;
  const [, type, code = '0'] = /^(\d{1,3})(?:\/(\d{1,3}))?$/.exec(name) ?? [];
  if (type === undefined || Number(type) > 255 || Number(code) > 255) return undefined;
  return [Number(type), Number(code)];
}
