import { FAMILIES, type Family } from '../../contract/words/identifiers.ts';
import type { HostInterface, HostPicture, LabRequest } from '../../job/ports/packets.ts';
import { contains, readNetwork } from '../../list/network.ts';
import { routeLines, ruleLines } from './lab-routes.ts';
import { settingsBefore, settingsOf } from './lab-settings.ts';

/** What makes the namespaces of a lab: commands of `ip -batch`, and settings below /proc/sys/net. */
export interface LabScript {
  host: { links: string[]; routes: string[]; before: string[]; settings: string[] };
  /** By interface. */
  neighbours: Map<string, string[]>;
  /** For the namespace at the other end of links by which no packet is to go. */
  elsewhere: string[];
}

/** Indices of interfaces from here on: a new namespace has lower ones. */
const FIRST_INDEX = 100;
/** The neighbour's end of a link. */
const NEIGHBOUR_LINK = 'n0';
export const NEIGHBOUR_INDEX = 50;
/** No name of an interface has a blank. */
export const ELSEWHERE = 'else where';
const TABLE = '100';
/** An address that nobody has: the next hop of neighbours, whose link address is known. */
const HOP = '169.254.255.254';

export function indexOf(picture: HostPicture, name: string): number {
  return FIRST_INDEX + picture.interfaces.findIndex((link) => link.name === name);
}

/** Whether packets of IPv6 go by a link. */
export function hasIpv6({ addresses }: HostInterface): boolean {
  return addresses.some(({ family }) => family === 'ipv6');
}

/** @param pids of the neighbours, by interface; under {@link ELSEWHERE}, of the namespace for all other links */
export function labScript(
  { picture, addresses, isKnown, probes }: LabRequest,
  pids: ReadonlyMap<string, number>,
): LabScript {
  const macs = new Map(probes.flatMap(({ sender, mac }) => (mac === undefined ? [] : [[sender, mac]])));
  const links = ['link set lo up'];
  const routes: string[] = [];
  const neighbours = new Map<string, string[]>();
  const elsewhere: string[] = [];
  for (const link of picture.interfaces) {
    const pid = pids.get(link.name);
    if (link.name === 'lo') links.push(...addressLines(link, 'ipv4'), ...addressLines(link, 'ipv6'));
    else links.push(...linkLines(picture, link, pids, macs.get(link.name)));
    if (pid === undefined) {
      if (link.hasCarrier) elsewhere.push(`link set ${peerOf(picture, link, pid)} up`);
      continue;
    }
    const index = indexOf(picture, link.name);
    const gateways = gatewaysOf(picture, link.name);
    const own = [...new Set([...gateways, ...(addresses.get(link.name) ?? [])])];
    const theirs = own.map((address) => ({
      address,
      isNear: gateways.includes(address) || isNearby(address, link, picture),
    }));
    neighbours.set(link.name, neighbourLines(link, index, theirs, isKnown));
    if (isKnown)
      routes.push(
        ...own.map(
          (address) =>
            `neigh replace ${address} lladdr ${macs.get(link.name) ?? macOf('fd', index)} dev ${link.name} nud permanent`,
        ),
      );
  }
  for (const family of FAMILIES)
    routes.unshift(...ruleLines(picture, family), ...routeLines(picture, family));
  return {
    host: { links, routes, before: settingsBefore(picture), settings: settingsOf(picture) },
    neighbours,
    elsewhere,
  };
}

function peerOf(picture: HostPicture, { name }: HostInterface, pid: number | undefined): string {
  return pid === undefined ? `n${indexOf(picture, name)}` : NEIGHBOUR_LINK;
}

function linkLines(
  picture: HostPicture,
  link: HostInterface,
  pids: ReadonlyMap<string, number>,
  mac: string | undefined,
): string[] {
  const index = indexOf(picture, link.name);
  const peer = peerOf(picture, link, pids.get(link.name));
  const peerIndex = peer === NEIGHBOUR_LINK ? NEIGHBOUR_INDEX : index;
  const pid = pids.get(link.name) ?? pids.get(ELSEWHERE);
  const made = `link add name ${link.name} index ${index} address ${macOf('fe', index)} type veth peer name ${peer} index ${peerIndex} address ${mac ?? macOf('fd', index)} netns ${pid}`;
  const up = link.isUp ? [`link set ${link.name} up`] : [];
  // The route to the peer of an IPv6 address does not come back with a link.
  return [made, ...addressLines(link, 'ipv4'), ...up, ...addressLines(link, 'ipv6')];
}

function addressLines({ name, addresses }: HostInterface, family: Family): string[] {
  const lines = addresses
    .filter((one) => one.family === family)
    .map(({ address, prefixLength, peer, options = '' }) => {
      const of = peer === null ? `${address}/${prefixLength}` : `${address} peer ${peer}/${prefixLength}`;
      return `address add ${of} dev ${name} ${family === 'ipv4' ? 'brd +' : 'nodad'} ${options}`.trimEnd();
    });
  // The kernel lists IPv6 addresses the newest first, and takes the newest as a source where nothing else decides.
  return family === 'ipv4' ? lines : lines.toReversed();
}

function macOf(side: 'fe' | 'fd', index: number): string {
  const bytes = [index >> 8, index & 255].map((byte) => byte.toString(16).padStart(2, '0'));
  return `02:${side}:00:00:${bytes.join(':')}`;
}

/** The address that the kernel gives a link of {@link macOf} by itself (EUI-64). */
function linkLocalOf(index: number): string {
  return `fe80::fe:ff:fe00:${index.toString(16)}`;
}

function gatewaysOf(picture: HostPicture, name: string): string[] {
  const lines = FAMILIES.flatMap((family) => picture.routes[family]);
  // One of several ways has a gateway for each.
  const found = lines.flatMap((line) => [
    ...line.matchAll(/\bvia (?:inet6? )?([0-9a-f.:]+) .*?\bdev (\S+)/g),
  ]);
  return found.flatMap(([, via, device]) => (via !== undefined && device === name ? [via] : []));
}

interface NeighbourAddress {
  address: string;
  isNear: boolean;
}

/**
 * Whether the host asks the link for an address, and not for a gateway to it. One far away is of no interface of the neighbour: else it would
 * look for the host in its name, where a router has its own.
 */
function isNearby(address: string, link: HostInterface, { routes }: HostPicture): boolean {
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  const own = link.addresses.map((one) => `${one.address}/${one.prefixLength}`);
  const onLink = routes[family].flatMap((line) => {
    const [, network, rest = ''] = /^(?:unicast )?(\S+)( .*)$/.exec(line) ?? [];
    const isOfLink = `${rest} `.includes(` dev ${link.name} `) && !/\bvia\b/.test(rest);
    return network === undefined || !isOfLink ? [] : [network];
  });
  return [...own, ...onLink].some((network) => network === 'default' || holdsAddress(network, address));
}

function holdsAddress(network: string, address: string): boolean {
  const [read, one] = [readNetwork(network), readNetwork(address)];
  if (typeof read === 'string' || typeof one === 'string' || read.family !== one.family) return false;
  return contains(read, one);
}

/** All that comes to a neighbour is for it, and all that it sends goes to the host, whatever addresses it has. */
function neighbourLines(
  link: HostInterface,
  index: number,
  own: readonly NeighbourAddress[],
  isKnown: boolean,
): string[] {
  const mac = macOf('fe', index);
  const ends = hasIpv6(link) ? FAMILIES : (['ipv4'] as const);
  const rules = ends.flatMap((family) => {
    const ip = family === 'ipv4' ? '-4' : '-6';
    return [
      `${ip} rule add pref 10 iif lo lookup ${TABLE}`,
      `${ip} rule add pref 20 lookup local`,
      `${ip} rule del pref 0`,
    ];
  });
  const addresses = own.map(({ address, isNear }) =>
    address.includes(':')
      ? `address add ${address}/128 dev ${isNear ? NEIGHBOUR_LINK : 'lo'} nodad`
      : `address add ${address}/32 dev ${NEIGHBOUR_LINK}`,
  );
  const hop6 = linkLocalOf(index);
  return [
    'link set lo up',
    ...(link.hasCarrier ? [`link set ${NEIGHBOUR_LINK} up`] : []),
    ...addresses,
    ...rules,
    `-4 neigh replace ${HOP} lladdr ${mac} dev ${NEIGHBOUR_LINK} nud permanent`,
    `-4 route add default via ${HOP} dev ${NEIGHBOUR_LINK} onlink table ${TABLE}`,
    ...(ends.length === 1 ? [] : [`-6 route add default via ${hop6} dev ${NEIGHBOUR_LINK} table ${TABLE}`]),
    ...(isKnown ? [`-6 neigh replace ${hop6} lladdr ${mac} dev ${NEIGHBOUR_LINK} nud permanent`] : []),
  ];
}

/** A neighbour takes what comes without a word. */
export const MUTE = ['-4', '-6'].map((ip) => `${ip} rule add pref 5 iif ${NEIGHBOUR_LINK} blackhole`);

export const FORGET = ['-6 neigh flush all'];
