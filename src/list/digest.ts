import { hash } from 'node:crypto';
import { ENTRIES_A_STEP, type Steps } from '../steps.ts';
import { hasEnded, type ListContent } from './content.ts';

const MODULUS = 1n << 256n;
const WORDS = 8;
const WORD_BYTES = 4;
const WORD_BITS = 32n;

/**
 * The digest of a list: the sum of the SHA-256 of its entries' texts, so that it can be kept up entry by entry, and does not depend on any
 * order. Kept in words of 32 bits, which numbers have room for over 2 million times: to add large integers takes twice as long as to hash.
 */
export class WeightSum {
  readonly #words = new Float64Array(WORDS);

  /** @param times −1 takes the entry away */
  add(text: string, times: 1 | -1 = 1): void {
    // A text of bytes: half a million buffers take twice as long, and as long again to be collected.
    const bytes = hash('sha256', text, 'binary');
    for (let word = 0; word < WORDS; word += 1)
      this.#words[word] = (this.#words[word] ?? 0) + times * wordAt(bytes, word * WORD_BYTES);
  }

  /** The digest of a list after this was added to it: 64 hex digits. */
  addedTo(digest: string): string {
    const sum = this.#words.reduce((high, word) => (high << WORD_BITS) + BigInt(word), 0n);
    return showSum(BigInt(`0x${digest}`) + sum);
  }
}

/** 32 bits, the highest byte first. */
function wordAt(bytes: string, at: number): number {
  const low = (bytes.charCodeAt(at + 1) << 16) | (bytes.charCodeAt(at + 2) << 8) | bytes.charCodeAt(at + 3);
  return bytes.charCodeAt(at) * 2 ** 24 + low;
}

export const EMPTY_DIGEST = '0'.repeat(64);

export function listDigest(content: ListContent, nowMs: number): string {
  const sum = new WeightSum();
  for (const [text, until] of content) if (!hasEnded(until, nowMs)) sum.add(text);
  return sum.addedTo(EMPTY_DIGEST);
}

function showSum(sum: bigint): string {
  return (((sum % MODULUS) + MODULUS) % MODULUS).toString(16).padStart(64, '0');
}

/** What a job asks for, so that the same job is known when it comes again under another id. */
export interface Asked {
  action: string;
  kind: string | null;
  maxEntries: number | null;
  /** `entries`, or `add`. */
  entries: ListContent;
  remove: ReadonlySet<string>;
}

interface JobDigests {
  /** Of all that it asks for: `sha256:` and 64 hex digits. */
  asked: `sha256:${string}`;
  /** Of a list that has its entries, also those which have ended. */
  content: string;
}

/** The digests of a job, whatever the order is in which it names its entries: half a million are summed in half the time in which they are sorted. */
export function* jobDigests({ action, kind, maxEntries, entries, remove }: Asked): Steps<JobDigests> {
  const content = yield* sumOf(entries.keys());
  const ends = yield* sumOf(textsWithEnds(entries));
  const removed = yield* sumOf(remove);
  const asked = hash('sha256', JSON.stringify([action, kind, maxEntries, content, ends, removed]));
  return { asked: `sha256:${asked}`, content };
}

function* sumOf(texts: Iterable<string>): Steps<string> {
  const sum = new WeightSum();
  let count = 0;
  for (const text of texts) {
    sum.add(text);
    count += 1;
    if (count % ENTRIES_A_STEP === 0) yield;
  }
  return sum.addedTo(EMPTY_DIGEST);
}

function* textsWithEnds(entries: ListContent): Generator<string> {
  for (const [text, until] of entries) if (until !== null) yield `${text} ${until}`;
}
