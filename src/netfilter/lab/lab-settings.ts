import type { HostPicture } from '../../job/ports/packets.ts';

/** Who listens at ports below 1024 would need CAP_NET_BIND_SERVICE, which the worker's unit does not have. For both families. */
const LOW_PORTS = 'set ipv4/ip_unprivileged_port_start 0';

/** A link makes its own IPv6 address from its Ethernet address: a kernel may be set to hand another way on to new namespaces. */
const OWN_ADDRESS = 'set ipv6/conf/default/addr_gen_mode 0';

/**
 * Each link is told by itself whether it has IPv6. These would take it, with its addresses, from links that have got it back (in the kernel's
 * Documentation/networking/ip-sysctl.rst, writing `all` changes every interface, and `default` what comes later).
 */
const OF_ALL_LINKS = new Set(['ipv6/conf/all/disable_ipv6', 'ipv6/conf/default/disable_ipv6']);

function settingsOfHost({ settings }: HostPicture): [string, string][] {
  return [...settings].filter(([path]) => !OF_ALL_LINKS.has(path));
}

/** What has to be set before there are links: nothing is to be discovered that packets would be taken for. */
export function settingsBefore(picture: HostPicture): string[] {
  const early = settingsOfHost(picture).filter(
    ([path]) => !path.includes('/conf/') || path.includes('/conf/all/') || path.includes('/conf/default/'),
  );
  return [
    ...early.map(([path, value]) => `set ${path} ${value}`),
    'set ipv6/conf/all/accept_dad 0',
    'set ipv6/conf/default/accept_dad 0',
    'set ipv6/conf/default/router_solicitations 0',
    OWN_ADDRESS,
    // Answers of the kernel are limited by number: of many tests side by side, each has its own.
    'set ipv4/icmp_ratemask 0',
    'set ipv4/icmp_ratelimit 0',
    'set ipv6/icmp/ratelimit 0',
    'set ipv4/icmp_msgs_per_sec 100000',
    'set ipv4/icmp_msgs_burst 100000',
    LOW_PORTS,
  ];
}

export function settingsOf(picture: HostPicture): string[] {
  return settingsOfHost(picture)
    .filter(([path]) => path.includes('/conf/') && !path.includes('/conf/default/'))
    .map(([path, value]) => `set ${path} ${value}`);
}

export const NEIGHBOUR_SETTINGS = [
  'set ipv4/conf/all/rp_filter 0',
  'set ipv4/conf/default/rp_filter 0',
  'set ipv4/ip_forward 0',
  'set ipv6/conf/all/accept_dad 0',
  'set ipv6/conf/default/accept_dad 0',
  'set ipv6/conf/default/router_solicitations 0',
  OWN_ADDRESS,
  'set ipv6/conf/all/disable_ipv6 0',
  'set ipv6/conf/default/disable_ipv6 0',
  'set ipv4/icmp_ratemask 0',
  'set ipv6/icmp/ratelimit 0',
  LOW_PORTS,
];

/** Behind links by which no packet is to go, nobody says a word: a new link of IPv6 makes itself known. */
export const ELSEWHERE_SETTINGS = [
  'set ipv6/conf/all/disable_ipv6 1',
  'set ipv6/conf/default/disable_ipv6 1',
];
