import { isIPv4, isIPv6 } from 'node:net';
import type { Family } from '../../contract/words/identifiers.ts';
import { numberIn } from './number-in.ts';

const NAMES = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;

/**
 * Returns why one of the addresses (separated by commas) is not an address; `null` if all are. iptables would look up a name in
 * the DNS or in /etc/networks, once for each rule, while the restore waits.
 */
export function lintAddress(option: string, value: string | undefined, family: Family): string | null {
  if (value === undefined) return `${option} has no address`;
  for (const part of value.split(',')) {
    const reason = lintOne(part, family);
    if (reason !== null) return reason;
  }
  return null;
}

function lintOne(text: string, family: Family): string | null {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  if (!isAddress(address, family)) return noAddress(address, family);
  if (slash === -1 || isMask(text.slice(slash + 1), family)) return null;
  return `"${text.slice(slash + 1)}" is no mask of an address: write a number of bits or a mask such as 255.255.255.0`;
}

function noAddress(address: string, family: Family): string {
  const other = family === 'ipv4' ? 'ipv6' : 'ipv4';
  if (isAddress(address, other) && (other === 'ipv6' || isIPv4(address)))
    return `"${address}" is no ${NAMES[family]} address, but one of ${NAMES[other]}: put the line into the text for ${other}`;
  return `"${address}" is no ${NAMES[family]} address: iptables would look it up in the DNS, write the address itself`;
}

/** Short forms are addresses, too: `10/8` is 10.0.0.0/8. */
function isAddress(text: string, family: Family): boolean {
  if (family === 'ipv6') return isIPv6(text) && !text.includes('%');
  const parts = text.split('.');
  return parts.length <= 4 && parts.every(isByte);
}

/** iptables takes octal and hexadecimal numbers, too: `010.0.0.1` is 8.0.0.1 (xtables_numeric_to_ipaddr). */
function isByte(text: string): boolean {
  const number = numberIn(text);
  return number !== null && number <= 255;
}

function isMask(mask: string, family: Family): boolean {
  const bits = numberIn(mask);
  if (bits !== null) return bits <= (family === 'ipv4' ? 32 : 128);
  return family === 'ipv4' ? mask.split('.').length === 4 && isAddress(mask, 'ipv4') : isIPv6(mask);
}
