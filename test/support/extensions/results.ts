import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Backend } from '../namespace.ts';
import type { UntriedCase } from './generate.ts';
import type { Family } from './setting.ts';
import type { Breakage } from './try-rules.ts';

/** What bare iptables does with a rule in a fresh namespace. */
export interface CaseResult {
  accepted: boolean;
  /** Whether the saved text restores to the same text and to the same rule in the kernel. */
  roundTrips: boolean;
  /** Why it does not round-trip, and its saved text without the chain; `null` for all other rules. */
  broken: { why: Breakage; saved: string } | null;
}

/** A rule that was tried, in one or both families. */
export interface ExtensionCase extends Omit<UntriedCase, 'family'> {
  families: readonly Family[];
  nft: CaseResult;
  legacy: CaseResult;
}

/** A result in a line of the file: one word for the usual results. */
type StoredResult = 'round-trips' | 'refused' | { why: Breakage; saved: string };
type StoredCase = Omit<ExtensionCase, Backend> & Record<Backend, StoredResult>;

const FILE = fileURLToPath(new URL('./cases.jsonl', import.meta.url));

export function readCases(): ExtensionCase[] {
  const lines = readFileSync(FILE, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const stored = JSON.parse(line) as StoredCase;
    return { ...stored, nft: resultOf(stored.nft), legacy: resultOf(stored.legacy) };
  });
}

export function writeCases(cases: readonly ExtensionCase[]): void {
  const lines = cases.map((one) =>
    JSON.stringify({ ...one, nft: storedOf(one.nft), legacy: storedOf(one.legacy) } satisfies StoredCase),
  );
  writeFileSync(FILE, `${lines.join('\n')}\n`);
}

function resultOf(result: StoredResult): CaseResult {
  if (typeof result === 'object') return { accepted: true, roundTrips: false, broken: result };
  return { accepted: result === 'round-trips', roundTrips: result === 'round-trips', broken: null };
}

function storedOf({ accepted, broken }: CaseResult): StoredResult {
  if (!accepted) return 'refused';
  return broken ?? 'round-trips';
}
