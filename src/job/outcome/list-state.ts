import type { ListState } from '../../contract/events/event.ts';
import { totalOf } from '../../list/summary.ts';
import type { Ports } from '../ports/ports.ts';
import { summaryOf } from './list-summaries.ts';

/** Returns what a job asked for, and what is now committed and live under that list's name. @throws {StateUnavailable} */
export async function listState(
  { name, revision }: { name: string; revision: number },
  digest: string | null,
  { lists }: Pick<Ports, 'lists'>,
): Promise<ListState> {
  const record = await lists.record(name);
  if (record === null || record.isRemoved || record.revision === 0)
    return { name, revision, digest, liveRevision: null, liveDigest: null, entries: 0 };
  const now = await summaryOf(record, lists);
  return {
    name,
    revision,
    digest,
    liveRevision: record.revision,
    liveDigest: now.digest,
    entries: totalOf(now),
  };
}
