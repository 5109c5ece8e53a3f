import type { ListState } from '../../contract/event.ts';
import { summaryAt, totalOf } from '../../list/summary.ts';
import type { Ports } from '../ports/ports.ts';

/** Returns what a job asked for, and what is now committed and live under that list's name. @throws {StateUnavailable} */
export async function listState(
  { name, revision }: { name: string; revision: number },
  digest: string | null,
  { lists }: Pick<Ports, 'lists'>,
): Promise<ListState> {
  const stored = await lists.read(name);
  if (stored === null || stored.record.isRemoved || stored.record.revision === 0)
    return { name, revision, digest, liveRevision: null, liveDigest: null, entries: 0 };
  const now = summaryAt(stored.record, stored.content, Date.now());
  return {
    name,
    revision,
    digest,
    liveRevision: stored.record.revision,
    liveDigest: now.digest,
    entries: totalOf(now),
  };
}
