import { applyDelta, digestAfter, type EntryChange } from '../../list/plan-delta.ts';
import { changeLines } from '../../list/set-lines.ts';
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
  await sets.write(changeLines(record.name, changes, record.kind, nowMs));
  const left = new Map(content);
  applyDelta(left, changes);
  const { digest } = summaryAt(record, content, nowMs);
  const summary = summariseWith(left, digestAfter(digest, changes), nowMs);
  await ports.lists.change(stored, { ...record, ...summary }, changes);
  return found;
}
