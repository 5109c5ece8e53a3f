import type { Family } from '../../contract/words/identifiers.ts';
import { familyOf } from '../../list/content.ts';
import { applyDelta, digestAfter, type EntryChange } from '../../list/plan-delta.ts';
import { changeLines, setName } from '../../list/set-lines.ts';
import { summariseWith, summaryAt } from '../../list/summary.ts';
import type { ListSession } from '../ports/list-session.ts';
import type { StoredList } from '../ports/lists.ts';
import { findNever, type NeverEntry } from './keep-out-never.ts';

/**
 * Takes out of a deny list what it must never have, such as an address that the host has got since. The revision stays; that the list
 * is another one, its digest tells.
 *
 * @returns what was taken out
 */
export async function takeOutNever(stored: StoredList, { ports, sets }: ListSession): Promise<NeverEntry[]> {
  const { record, content } = stored;
  if (record.kind !== 'deny') return [];
  const nowMs = Date.now();
  const found = await findNever(content, ports.never, nowMs);
  if (found.length === 0) return [];
  const changes = found.map(
    ({ text }): EntryChange => ({ text, before: content.get(text), after: undefined }),
  );
  // Also where a set is missing, which is drift: a boot, or who puts it back, would else bring such an entry back.
  const headers = await sets.headers();
  const isThere = (family: Family) => headers.get(setName(record.name, family))?.swapsWith === family;
  const live = changes.filter(({ text }) => isThere(familyOf(text)));
  await sets.write(changeLines(record.name, live, record.kind, nowMs));
  const left = new Map(content);
  applyDelta(left, changes);
  const { digest } = summaryAt(record, content, nowMs);
  const summary = summariseWith(left, digestAfter(digest, changes), nowMs);
  await ports.lists.change(stored, { ...record, ...summary }, changes);
  return found;
}
