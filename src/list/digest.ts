import { hash } from 'node:crypto';
import { hasEnded, type ListContent } from './content.ts';

const MODULUS = 1n << 256n;

/** What an entry counts in the digest of its list. */
export function weightOf(text: string): bigint {
  return BigInt(`0x${hash('sha256', text)}`);
}

/**
 * The digest of a list: a sum, so that it can be kept up entry by entry, and does not depend on any order. 64 hex digits.
 */
export function listDigest(content: ListContent, nowMs: number): string {
  let sum = 0n;
  for (const [text, until] of content) if (!hasEnded(until, nowMs)) sum += weightOf(text);
  return showSum(sum);
}

export function showSum(sum: bigint): string {
  return (((sum % MODULUS) + MODULUS) % MODULUS).toString(16).padStart(64, '0');
}

export function readSum(digest: string): bigint {
  return BigInt(`0x${digest}`);
}

/** What a job asks for, so that the same job is known when it comes again under another id. */
export interface Asked {
  action: string;
  kind: string | null;
  maxEntries: number | null;
  /** `entries`, or `add`. */
  entries: ListContent;
  remove: readonly string[];
}

/** The digest of what a job asks for: `sha256:` and 64 hex digits. */
export function jobDigest({ action, kind, maxEntries, entries, remove }: Asked): `sha256:${string}` {
  const sorted = [...entries].sort(([one], [other]) => (one < other ? -1 : Number(one > other)));
  const text = JSON.stringify([action, kind, maxEntries, sorted, remove.toSorted()]);
  return `sha256:${hash('sha256', text)}`;
}
