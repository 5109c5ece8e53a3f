import type { Family } from '../../contract/words/identifiers.ts';
import { MATCH_OPTIONS, TARGET_OPTIONS } from './extension-options.ts';

/** Of these extensions iptables has a file for one family only (`libipt_*.so`, `libip6t_*.so`). */
const OF_ONE_FAMILY: Readonly<Record<Family, ReadonlySet<string>>> = {
  ipv4: new Set('CLUSTERIP ECN TTL ULOG icmp realm ttl'.split(' ')),
  ipv6: new Set('DNPT HL SNPT dst eui64 frag hbh hl icmp6 ipv6header mh rt srh'.split(' ')),
};
/** iptables still knows them; kernels of today do not. */
const GONE = new Set(['CLUSTERIP', 'ULOG']);
const VERDICTS = ['ACCEPT', 'DROP', 'RETURN', 'QUEUE'];

/** What a rule of this family may name behind `-j`, besides chains. */
export function targetNames(family: Family): string[] {
  return [...VERDICTS, ...Object.keys(TARGET_OPTIONS).filter((name) => isOf(family, name))];
}

/** What a rule of this family may name behind `-m`. */
export function matchNames(family: Family): string[] {
  return Object.keys(MATCH_OPTIONS).filter((name) => isOf(family, name));
}

/** Protocols that iptables knows itself (`xtables_chain_protos` in libxtables/xtables.c), whatever /etc/protocols says. */
export const PROTOCOL_NAMES = ['tcp', 'sctp', 'udp', 'udplite', 'icmp', 'icmpv6', 'esp', 'ah', 'mh', 'all'];

function isOf(family: Family, name: string): boolean {
  return !GONE.has(name) && !OF_ONE_FAMILY[family === 'ipv4' ? 'ipv6' : 'ipv4'].has(name);
}
