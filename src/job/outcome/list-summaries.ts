import { isCurrent, type Summary, summaryAt } from '../../list/summary.ts';
import type { ListRecord, ListStore } from '../ports/lists.ts';
import type { Ports } from '../ports/ports.ts';

/** The latest summary of each record, so that only what has ended since is looked at. */
const latest = new WeakMap<ListRecord, Summary>();

/** The lists of a host, each with what it has now. One that cannot be read does not hide the others. */
export async function summariesOf({
  lists,
  log,
}: Pick<Ports, 'lists' | 'log'>): Promise<{ name: string; revision: number; summary: Summary }[]> {
  const found: { name: string; revision: number; summary: Summary }[] = [];
  for (const name of await lists.names()) {
    try {
      const record = await lists.record(name);
      if (record === null || record.isRemoved) continue;
      found.push({ name, revision: record.revision, summary: await summaryOf(record, lists) });
    } catch (error) {
      log.error({ list: name, error }, 'Cannot read the state of a list');
    }
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
