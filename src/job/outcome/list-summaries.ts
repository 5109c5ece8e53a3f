import { isCurrent, type Summary, summaryAt } from '../../list/summary.ts';
import type { ListRecord, ListStore } from '../ports/lists.ts';

/** The latest summary of each record, so that only what has ended since is looked at. */
const latest = new WeakMap<ListRecord, Summary>();

/** The lists of a host, each with what it has now. */
export async function summariesOf(
  lists: ListStore,
): Promise<{ name: string; revision: number; summary: Summary }[]> {
  const found: { name: string; revision: number; summary: Summary }[] = [];
  for (const record of await lists.list()) {
    const { name, revision, isRemoved } = record;
    if (!isRemoved) found.push({ name, revision, summary: await summaryOf(record, lists) });
  }
  return found;
}

/** What a list has now. Its content is read only if something has ended since it was committed. */
export async function summaryOf(record: ListRecord, lists: ListStore): Promise<Summary> {
  const known = latest.get(record) ?? record;
  const nowMs = Date.now();
  if (isCurrent(known, nowMs)) return known;
  const stored = await lists.read(record.name);
  if (stored === null) return known;
  const summary = summaryAt(stored.record === record ? known : stored.record, stored.content, nowMs);
  latest.set(record, summary);
  return summary;
}
