import { isIPv4, isIPv6 } from 'node:net';
import type { Family } from '../contract/words/identifiers.ts';

/** A network of addresses, with the one text that it has here. */
export interface Network {
  family: Family;
  /** The first address, in groups of 16 bits: 2 of IPv4, 8 of IPv6. */
  groups: readonly number[];
  /** How many bits all its addresses share. */
  prefix: number;
  /** Without `/32` or `/128`; IPv6 as RFC 5952 has it, but never dotted. */
  text: string;
}

const BITS = { ipv4: 32, ipv6: 128 } as const;
/** `::ffff:0:0/96`, where IPv4 addresses are written as IPv6. */
const MAPPED_BITS = 96;
const MAPPED_GROUPS = 6;
/** Longer than any network is. */
const MOST_CHARACTERS = 64;
const ZERO = 48;
const PREFIX = /^[1-9]\d{0,2}$/;

/**
 * Reads an address or a network. Nothing is guessed: ipset itself would read `010.1.2.3` as 8.1.2.3, look names up, and leave out bits.
 *
 * @returns why it is none, as the end of a sentence that begins with the text
 */
export function parseNetwork(text: string): Network | string {
  const read = readNetwork(text);
  return typeof read === 'string' || read.isFirst
    ? read
    : `has bits set behind its /${read.prefix}: the network is ${read.text}`;
}

/** As {@link parseNetwork}, and takes any address of a network for it, as iptables does. `isFirst`: whether it was the first. */
export function readNetwork(text: string): (Network & { isFirst: boolean }) | string {
  if (text.length > MOST_CHARACTERS) return NO_ADDRESS;
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const bits = slash === -1 ? null : text.slice(slash + 1);
  if (bits !== null && !PREFIX.test(bits)) return 'has no number of bits from 1 on behind the slash';
  const family = familyOf(address);
  if (family === null) return NO_ADDRESS;
  const prefix = bits === null ? BITS[family] : Number(bits);
  if (prefix > BITS[family]) return 'has more bits behind the slash than an address has';
  // An address of IPv4 can be written in one way only. A job may have a million of them.
  if (family === 'ipv4')
    return networkOf(family, readIPv4(address), prefix, prefix === BITS.ipv4 ? address : text);
  const groups = readIPv6(address);
  if (prefix < MAPPED_BITS || !isMapped(groups)) return networkOf(family, groups, prefix);
  if (prefix === MAPPED_BITS) return 'is every IPv4 address';
  return networkOf('ipv4', groups.slice(MAPPED_GROUPS), prefix - MAPPED_BITS);
}

const NO_ADDRESS =
  'is no address and no network: write 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or 2001:db8::/48';

function familyOf(address: string): Family | null {
  if (isIPv4(address)) return 'ipv4';
  // A zone is a part of an address for Node, and none of a packet's.
  return isIPv6(address) && !address.includes('%') ? 'ipv6' : null;
}

function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}

/** @param known its text, if these groups are its first address */
function networkOf(
  family: Family,
  groups: number[],
  prefix: number,
  known: string | null = null,
): Network & { isFirst: boolean } {
  const first = prefix === BITS[family] ? groups : firstOf(groups, prefix);
  const isFirst = groups.every((group, index) => group === first[index]);
  const text = isFirst && known !== null ? known : textOf(family, first, prefix);
  return { family, groups: first, prefix, text, isFirst };
}

function firstOf(groups: readonly number[], prefix: number): number[] {
  return groups.map((group, index) => group & maskOf(prefix - index * 16));
}

/** The network of so many bits in which a network lies; that one itself if it has no more bits. */
export function widen(network: Network, prefix: number): Network {
  if (prefix >= network.prefix) return network;
  const { family } = network;
  const groups = firstOf(network.groups, prefix);
  return { family, groups, prefix, text: textOf(family, groups, prefix) };
}

/** Whether all addresses of another network of the same family are in this one. */
export function contains({ groups, prefix }: Network, other: Network): boolean {
  if (other.prefix < prefix) return false;
  return groups.every(
    (group, index) => ((group ^ (other.groups[index] as number)) & maskOf(prefix - index * 16)) === 0,
  );
}

/** The mask of a group of which this many bits count. */
function maskOf(bits: number): number {
  return bits <= 0 ? 0 : (0xffff << Math.max(0, 16 - bits)) & 0xffff;
}

/** The first and the last address as numbers. */
export function rangeOf({ groups, prefix }: Pick<Network, 'groups' | 'prefix'>): {
  first: bigint;
  last: bigint;
} {
  const first = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
  return { first, last: first + (1n << BigInt(groups.length * 16 - prefix)) - 1n };
}

function textOf(family: Family, groups: readonly number[], prefix: number): string {
  const address = family === 'ipv4' ? showIPv4(groups) : showIPv6(groups);
  return prefix === BITS[family] ? address : `${address}/${prefix}`;
}

/** By its characters, as a job may have a million of them. */
function readIPv4(address: string): number[] {
  let value = 0;
  let octet = 0;
  for (let index = 0; index < address.length; index += 1) {
    const digit = address.charCodeAt(index) - ZERO;
    if (digit >= 0) octet = octet * 10 + digit;
    else {
      value = value * 256 + octet;
      octet = 0;
    }
  }
  const all = value * 256 + octet;
  return [Math.floor(all / 65_536), all % 65_536];
}

function readIPv6(address: string): number[] {
  const gap = address.indexOf('::');
  if (gap === -1) return groupsOf(address);
  const front = groupsOf(address.slice(0, gap));
  const back = groupsOf(address.slice(gap + 2));
  while (front.length + back.length < 8) front.push(0);
  return [...front, ...back];
}

/** The last two groups may be written as an IPv4 address. */
function groupsOf(part: string): number[] {
  if (part === '') return [];
  const words = part.split(':');
  const last = words.at(-1) ?? '';
  if (!last.includes('.')) return words.map(readHex);
  return [...words.slice(0, -1).map(readHex), ...readIPv4(last)];
}

function readHex(word: string): number {
  return Number.parseInt(word, 16);
}

function showIPv4([high = 0, low = 0]: readonly number[]): string {
  return `${high >>> 8}.${high & 255}.${low >>> 8}.${low & 255}`;
}

function showIPv6(groups: readonly number[]): string {
  const { start, length } = longestZeros(groups);
  if (length < 2) return showGroups(groups);
  return `${showGroups(groups.slice(0, start))}::${showGroups(groups.slice(start + length))}`;
}

function showGroups(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

/** The first of the longest runs: that is the one which RFC 5952 shortens. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index < groups.length; index += 1) {
    if (groups[index] !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }
  return best;
}
