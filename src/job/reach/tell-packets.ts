import type { Family } from '../../contract/words/identifiers.ts';
import type { Condition, Conditions } from './conditions.ts';

const ALL = { ipv4: '0.0.0.0/0', ipv6: '::/0' };
const ECHO = new Set(['8/0', '128/0']);

/** Which packets have what conditions ask for, such as `22/tcp from 10.0.0.0/8`. */
export function tellPackets(
  conditions: Conditions,
  direction: 'in' | 'out' | 'forward',
  family: Family,
): string {
  const { sources, destinations, inBy, outBy, uids, gids, macs, marks, states } = conditions;
  const from = addressesOf(sources);
  const to = addressesOf(destinations);
  const isLater = states.length === 1 && states[0] === 'established';
  return [
    servicesOf(conditions),
    ...(direction === 'out' && from === null ? [] : [`from ${from ?? ALL[family]}`]),
    ...(direction === 'in' && to === null ? [] : [`to ${to ?? ALL[family]}`]),
    ...inBy.map(({ pattern, isNegated }) => `by ${isNegated ? 'other than ' : ''}${pattern}`),
    ...outBy.map(({ pattern, isNegated }) => `out by ${isNegated ? 'other than ' : ''}${pattern}`),
    ...macs.map(({ address, isNegated }) => `by MAC ${isNegated ? 'other than ' : ''}${address}`),
    ...uids.map(({ text, isNegated }) => `of uid ${isNegated ? 'other than ' : ''}${text}`),
    ...gids.map(({ text, isNegated }) => `of gid ${isNegated ? 'other than ' : ''}${text}`),
    ...marks.map(({ text, isNegated }) => `with${isNegated ? 'out' : ''} mark ${text}`),
    ...(isLater ? ['(established)'] : []),
  ].join(' ');
}

function servicesOf({ protocols, ports, sourcePorts, icmp }: Conditions): string {
  const names = [...new Set(protocols.map(({ name, isNegated }) => (isNegated ? `all but ${name}` : name)))];
  const types = icmp.map(({ type, isNegated }) => {
    const name = ECHO.has(type) ? 'echo-request' : `type ${type}`;
    return isNegated ? `other than ${name}` : name;
  });
  const own = [...new Set(ports.map(({ text, isNegated }) => (isNegated ? `other than ${text}` : text)))];
  const named = names.length === 0 ? 'all' : names.join(', ');
  const service = own.length === 0 ? [named, ...types].join(' ') : `${own.join(' and ')}/${named}`;
  const theirs = sourcePorts.map(
    ({ text, isNegated }) => ` from port ${isNegated ? 'other than ' : ''}${text}`,
  );
  return service + theirs.join('');
}

/** The narrowest, where there are several. `null`: any. */
function addressesOf(conditions: readonly Condition<bigint>[]): string | null {
  const within = conditions
    .filter(({ isNegated }) => !isNegated)
    .toSorted((one, other) => compare(sizeOf(one), sizeOf(other)));
  const without = conditions.filter(({ isNegated }) => isNegated).map(({ text }) => `other than ${text}`);
  const told = [...within.slice(0, 1).map(({ text }) => withoutAll(text)), ...without];
  return told.length === 0 ? null : told.join(' ');
}

function withoutAll(text: string): string {
  return text.replace(/\/(?:32|128)$/, '');
}

function sizeOf({ ranges }: Condition<bigint>): bigint {
  return ranges.reduce((sum, { first, last }) => sum + last - first, 0n);
}

function compare(one: bigint, other: bigint): number {
  return one < other ? -1 : Number(one > other);
}
