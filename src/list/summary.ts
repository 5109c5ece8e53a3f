import type { Family } from '../contract/words/identifiers.ts';
import { ENTRIES_A_STEP, finish, type Steps } from '../steps.ts';
import { familyOf, hasEnded, type ListContent } from './content.ts';
import { listDigest, WeightSum } from './digest.ts';

/** What a list has, in short, at one moment. */
export interface Summary {
  entries: Record<Family, number>;
  digest: string;
  /** Milliseconds since 1970. */
  atMs: number;
  /** No entry ends before this; `null`: none ends. */
  nextEndMs: number | null;
}

export function summarise(content: ListContent, nowMs: number): Summary {
  return { ...finish(countLiving(content, nowMs)), digest: listDigest(content, nowMs) };
}

/** Counts again, where what a change does to the digest is known. */
export function summariseWith(content: ListContent, digest: string, nowMs: number): Summary {
  return { ...finish(countLiving(content, nowMs)), digest };
}

/** The same, where the digest is one of all entries, also of those which have ended. */
export function* summariseAll(content: ListContent, digestOfAll: string, nowMs: number): Steps<Summary> {
  const gone = new WeightSum();
  const counts = yield* countLiving(content, nowMs, (text) => gone.add(text, -1));
  return { ...counts, digest: gone.addedTo(digestOfAll) };
}

function* countLiving(
  content: ListContent,
  nowMs: number,
  onEnded: (text: string) => void = () => {},
): Steps<Omit<Summary, 'digest'>> {
  const entries = { ipv4: 0, ipv6: 0 };
  let nextEndMs: number | null = null;
  let count = 0;
  for (const [text, until] of content) {
    count += 1;
    if (count % ENTRIES_A_STEP === 0) yield;
    if (hasEnded(until, nowMs)) {
      onEnded(text);
      continue;
    }
    entries[familyOf(text)] += 1;
    if (until !== null && (nextEndMs === null || until < nextEndMs)) nextEndMs = until;
  }
  return { entries, atMs: nowMs, nextEndMs };
}

/** Whether a summary is still right. */
export function isCurrent({ nextEndMs }: Summary, nowMs: number): boolean {
  return nextEndMs === null || nowMs < nextEndMs;
}

/** A summary of the same content at a later moment. Only what has ended since is looked at. */
export function summaryAt(before: Summary, content: ListContent, nowMs: number): Summary {
  if (isCurrent(before, nowMs)) return before;
  const gone = new WeightSum();
  for (const [text, until] of content) {
    if (until !== null && until > before.atMs && until <= nowMs) gone.add(text, -1);
  }
  return summariseWith(content, gone.addedTo(before.digest), nowMs);
}

export function totalOf({ entries }: Pick<Summary, 'entries'>): number {
  return entries.ipv4 + entries.ipv6;
}
