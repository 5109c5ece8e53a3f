import { hasEnded } from '../../list/content.ts';
import { parseNetwork } from '../../list/network.ts';
import { Ranges } from '../../list/ranges.ts';
import type { StoredList } from '../ports/lists.ts';
import type { Ports } from '../ports/ports.ts';
import type { ListWish } from './read-list-job.ts';

/** The entries of a job whose flows are cut once they are in. */
export function entriesToCut({ cut, entries }: ListWish, nowMs: number): string[] {
  return cut ? [...entries].flatMap(([text, until]) => (hasEnded(until, nowMs) ? [] : text)) : [];
}

/** Those of a list's entries whose flows are still to be cut, though the worker that was to do it is gone. */
export function entriesLeftToCut(
  cut: readonly string[] | 'all',
  { content }: StoredList,
  nowMs: number,
): string[] {
  return [...(cut === 'all' ? content.keys() : cut)].filter((text) => {
    const until = content.get(text);
    return until !== undefined && !hasEnded(until, nowMs);
  });
}

/** Never throws: the list is changed whatever comes of this. */
export async function cutFlows(
  list: string,
  entries: readonly string[],
  { flows, log }: Pick<Ports, 'flows' | 'log'>,
): Promise<void> {
  if (entries.length === 0) return;
  try {
    const networks = entries.map(parseNetwork).filter((network) => typeof network !== 'string');
    const { addresses } = await flows.cut(new Ranges(networks));
    log.info({ list, addresses }, 'Flows of a list were cut');
  } catch (error) {
    log.error({ list, error }, 'Cannot cut the flows of a list');
  }
}
