import { setImmediate } from 'node:timers/promises';
import { hasEnded, type ListContent } from '../../list/content.ts';
import { WeightSum } from '../../list/digest.ts';
import { parseNetwork } from '../../list/network.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf } from '../outcome/naming.ts';
import type { NeverNetworks } from '../ports/lists.ts';
import type { ListWish } from './read-list-job.ts';

/** One look for several jobs that are run together, as each takes as long as a program. It is begun now if it will be needed. */
export function readOnce(never: NeverNetworks, isNeeded: boolean): NeverNetworks {
  let found: ReturnType<NeverNetworks['read']> | null = null;
  const read = async () => await (found ??= never.read());
  // Whoever asks for it gets the error.
  if (isNeeded) read().catch(() => {});
  return { read };
}

const MOST_NAMED = 20;
/** So many take about 20 ms. */
const AT_ONCE = 10_000;

/** An entry that a deny list must never have, and why. */
export interface NeverEntry {
  text: string;
  /** Such as `192.0.2.1, an address of this host`. */
  because: string;
}

/**
 * Finds the entries of which a host must not refuse the packets. The event loop turns meanwhile: there may be a million of them.
 *
 * @throws {Error} of the host, if it cannot know its own addresses
 */
export async function findNever(
  content: ListContent,
  never: NeverNetworks,
  nowMs: number,
): Promise<NeverEntry[]> {
  if (content.size === 0) return [];
  const { ranges, names } = await never.read();
  const found: NeverEntry[] = [];
  let count = 0;
  for (const [text, until] of content) {
    count += 1;
    if (count % AT_ONCE === 0) await setImmediate();
    if (!ranges.mayOverlap(text) || hasEnded(until, nowMs)) continue;
    const network = parseNetwork(text);
    const overlap = typeof network === 'string' ? null : ranges.overlap(network);
    if (overlap !== null)
      found.push({ text, because: `${overlap}, ${names.get(overlap) ?? 'of the policy'}` });
  }
  return found;
}

/**
 * Leaves out of a wish what the list must never have, if it says so.
 *
 * @returns the wish, and what was left out
 * @throws {JobFailure} `policy_denied`, with each such entry
 */
export async function keepOutNever(
  wish: ListWish,
  never: NeverNetworks,
  nowMs: number,
): Promise<{ wish: ListWish; skipped: string[] }> {
  const found = await findNever(wish.entries, never, nowMs);
  if (found.length === 0) return { wish, skipped: [] };
  if (wish.onNever === 'refuse') {
    const each = found.slice(0, MOST_NAMED).map(({ text, because }) => `"${text}" overlaps ${because}`);
    const more = found.length > MOST_NAMED ? `; and ${found.length - MOST_NAMED} more` : '';
    const message = `list ${labelOf(wish)} must never have ${found.length === 1 ? 'an entry' : `${found.length} entries`} of the job: ${each.join('; ')}${more}`;
    throw new JobFailure('lint', 'policy_denied', message);
  }
  const skipped = found.map(({ text }) => text);
  const entries = new Map(wish.entries);
  const gone = new WeightSum();
  for (const text of skipped) {
    entries.delete(text);
    gone.add(text, -1);
  }
  return { wish: { ...wish, entries, entriesDigest: gone.addedTo(wish.entriesDigest) }, skipped };
}
