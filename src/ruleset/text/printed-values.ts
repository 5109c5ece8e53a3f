import { numberIn } from './number-in.ts';
import type { RuleOption } from './read-options.ts';

/** Says whether iptables-save prints an option with another value than it has, which restores to another rule. */
export function isPrintedOtherwise({ name, values, isNegated }: RuleOption): boolean {
  const [value = ''] = values;
  if (name === 'icmp-type') return isPartOfCodes(value) || isNoType(value);
  if (name === 'icmpv6-type') return isPartOfCodes(value);
  if (name === 'connbytes') return isUpToZero(value);
  return name === 'tcp-flags' && !isNegated && hasNoFlag(value) && !hasNoFlag(values[1] ?? '');
}

/**
 * Of no TCP flags none can be set. Such flags are not printed, and then any packet matches. iptables-nft makes that of them at once:
 * nobody means it.
 */
function hasNoFlag(value: string): boolean {
  return value.split(',').every((flag) => flag === '' || flag.toUpperCase() === 'NONE');
}

/** Of a range that ends with 0, the end is not printed: none becomes any number. */
function isUpToZero(value: string): boolean {
  const last = value.split(':')[1] ?? '';
  return last !== '' && numberIn(last) === 0;
}

/** Of a range of ICMP codes only the first is printed, unless it has all codes. */
function isPartOfCodes(value: string): boolean {
  const [first = '', last] = (value.split('/')[1] ?? '').split(':');
  if (last === undefined) return false;
  const [low, high] = [numberIn(first), numberIn(last)];
  return low !== high && !(low === 0 && high === 255);
}

/** Type 255, which no packet has, is printed as any type, without its code. */
function isNoType(value: string): boolean {
  const [type = '', codes] = value.split('/');
  if (codes === undefined || numberIn(type.split(':')[0] ?? '') !== 255) return false;
  const [low = '', high = ''] = codes.split(':');
  return !(numberIn(low) === 0 && numberIn(high) === 255);
}
