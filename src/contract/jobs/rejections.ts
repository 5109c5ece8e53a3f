import type { Family } from '../words/identifiers.ts';

/** What `-j REJECT` answers with, and what it looks like on the wire. */
export interface Rejection {
  /** As `--reject-with` names it, and `iptables-save` prints it. */
  name: string;
  /** Of both, if it is not there. */
  family?: Family;
  /** For this protocol only. */
  protocol?: 'tcp';
  /** Type and code of the ICMP error; `null`: a TCP reset. */
  icmp: readonly [type: number, code: number] | null;
}

/** From `ipt_REJECT.h` and `ip6t_REJECT.h` of the kernel. */
const REJECTIONS: readonly (Rejection & { alias: string })[] = [
  { name: 'tcp-reset', alias: 'tcp-rst', protocol: 'tcp', icmp: null },
  { name: 'icmp-net-unreachable', alias: 'net-unreach', family: 'ipv4', icmp: [3, 0] },
  { name: 'icmp-host-unreachable', alias: 'host-unreach', family: 'ipv4', icmp: [3, 1] },
  { name: 'icmp-proto-unreachable', alias: 'proto-unreach', family: 'ipv4', icmp: [3, 2] },
  { name: 'icmp-port-unreachable', alias: 'port-unreach', family: 'ipv4', icmp: [3, 3] },
  { name: 'icmp-net-prohibited', alias: 'net-prohib', family: 'ipv4', icmp: [3, 9] },
  { name: 'icmp-host-prohibited', alias: 'host-prohib', family: 'ipv4', icmp: [3, 10] },
  { name: 'icmp-admin-prohibited', alias: 'admin-prohib', family: 'ipv4', icmp: [3, 13] },
  { name: 'icmp6-no-route', alias: 'no-route', family: 'ipv6', icmp: [1, 0] },
  { name: 'icmp6-adm-prohibited', alias: 'adm-prohibited', family: 'ipv6', icmp: [1, 1] },
  { name: 'icmp6-addr-unreachable', alias: 'addr-unreach', family: 'ipv6', icmp: [1, 3] },
  { name: 'icmp6-port-unreachable', alias: 'port-unreach6', family: 'ipv6', icmp: [1, 4] },
  { name: 'icmp6-policy-fail', alias: 'policy-fail', family: 'ipv6', icmp: [1, 5] },
  { name: 'icmp6-reject-route', alias: 'reject-route', family: 'ipv6', icmp: [1, 6] },
];

/** By its name or its short name. */
export function rejectionOf(name: string): Rejection | undefined {
  return REJECTIONS.find((rejection) => rejection.name === name || rejection.alias === name);
}

/** By what came back. */
export function rejectionByIcmp(family: Family, type: number, code: number): Rejection | undefined {
  return REJECTIONS.find(
    (known) => known.family === family && known.icmp?.[0] === type && known.icmp[1] === code,
  );
}
