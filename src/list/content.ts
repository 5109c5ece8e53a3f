import type { Family } from '../contract/words/identifiers.ts';

/** The entries of a list by their texts, with the time at which each ends, in milliseconds since 1970. `null`: it does not end. */
export type ListContent = ReadonlyMap<string, number | null>;

/** What a list is for: its entries are refused, or they are let in. */
export type ListKind = 'deny' | 'allow';

export function familyOf(text: string): Family {
  return text.includes(':') ? 'ipv6' : 'ipv4';
}

export function hasEnded(until: number | null, nowMs: number): boolean {
  return until !== null && until <= nowMs;
}

/** The later of two ends; no end is the latest. */
export function laterOf(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : Math.max(one, other);
}
