import type { RulesetTest } from '../../contract/jobs/ruleset-test.ts';
import { contains, readNetwork } from '../../list/network.ts';

interface Kind {
  networks: readonly string[];
  what: string;
}

const NOBODY: Kind = { networks: ['0.0.0.0', '::'], what: 'the address of who has none' };
const GROUP: Kind = { networks: ['224.0.0.0/4', 'ff00::/8'], what: 'the address of a group (multicast)' };
const ALL: Kind = { networks: ['255.255.255.255'], what: 'the address of all on a link (broadcast)' };
const LOOPBACK: Kind = { networks: ['127.0.0.0/8', '::1'], what: 'a loopback address' };
const MAPPED = 'an IPv4 address written as IPv6';

/**
 * Why the source of a test can be none, wherever it is sent from; `null`: it can. The kernel drops what comes from nobody or from many before
 * the rules of INPUT and FORWARD see it, or sends from another address: of rules, neither says anything.
 */
export function unusableSource({ from }: RulesetTest): string | null {
  const what = from === undefined ? null : whatIs(from, [NOBODY, GROUP, ALL]);
  return what === null ? null : `${from} is ${what}, and cannot be the source of a packet that is tried`;
}

/** Why a test cannot be for where it is to go; `null`: it can. */
export function unusableDestination(
  { direction, protocol }: RulesetTest,
  to: string,
  isBroadcast: boolean,
): string | null {
  const what = whatIs(to, [NOBODY, GROUP, ALL]) ?? (isBroadcast ? ALL.what : null);
  if (what === null) return null;
  if (what === NOBODY.what || what === MAPPED)
    return `${to} is ${what}, and no packet that is tried can be for it`;
  if (direction !== 'out') return `${to} is ${what}: that can be tried with direction out only`;
  return protocol === 'tcp' ? `${to} is ${what}, and TCP makes no connection to it` : null;
}

export function isLoopback(address: string): boolean {
  return whatIs(address, [LOOPBACK]) === LOOPBACK.what;
}

export function isSameAddress(one: string, other: string): boolean {
  const [first, second] = [readNetwork(one), readNetwork(other)];
  return typeof first !== 'string' && typeof second !== 'string' && first.text === second.text;
}

function whatIs(address: string, kinds: readonly Kind[]): string | null {
  const read = readNetwork(address);
  if (typeof read === 'string') return null;
  if (read.family === 'ipv4' && address.includes(':')) return MAPPED;
  const isIn = (text: string) => {
    const network = readNetwork(text);
    return typeof network !== 'string' && network.family === read.family && contains(network, read);
  };
  return kinds.find(({ networks }) => networks.some(isIn))?.what ?? null;
}
