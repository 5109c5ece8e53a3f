import { FAMILIES } from '../../contract/words/identifiers.ts';
import type { ListContent } from '../../list/content.ts';
import {
  changeLines,
  createLine,
  fillLines,
  renameLines,
  setName,
  spareName,
  swapLines,
} from '../../list/set-lines.ts';
import { bothDone } from '../change/both-done.ts';
import type { LiveSets } from '../ports/list-session.ts';
import type { ListRecord, SetHeader, StoredList } from '../ports/lists.ts';
import { inTurns } from '../time/in-turns.ts';
import { compareList, type ListDifference } from './compare-list.ts';

type Made = Pick<ListRecord, 'name' | 'kind' | 'maxEntries' | 'entries'>;

/**
 * Makes a second set of each family, and fills it. What was left there before is taken away first.
 *
 * @param meanwhile is called when the program has its lines: before, it would only be later with them. It has ended when this is over
 */
export async function fillSpares(
  { name, kind, maxEntries, entries }: Made,
  content: ListContent,
  sets: LiveSets,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  await dropSpares(name, sets, await sets.headers());
  const lines = FAMILIES.map(
    (family) => `${createLine(spareName(name, family), family, maxEntries, entries[family])}\n`,
  );
  const filled = await inTurns(fillLines(content, kind, (family) => spareName(name, family), Date.now()));
  await bothDone(sets.write(Buffer.concat([Buffer.from(lines.join('')), filled])), meanwhile());
}

/** Puts the second sets in the place of the first, at once. Rules that match a list see the one or the other. */
export async function swapSpares(
  { name, maxEntries }: Made,
  sets: LiveSets,
  headers: ReadonlyMap<string, SetHeader>,
): Promise<void> {
  // A swap needs something to be swapped with.
  const missing = FAMILIES.filter((family) => !headers.has(setName(name, family)));
  const lines = missing.map((family) => `${createLine(setName(name, family), family, maxEntries, 0)}\n`);
  await sets.write(lines.join('') + swapLines(name));
}

/** Takes the live sets aside. @throws {SetsFailed} `in-use`, if a rule matches one */
export async function putAside(name: string, sets: LiveSets): Promise<void> {
  const headers = await sets.headers();
  await dropSpares(name, sets, headers);
  const there = FAMILIES.filter((family) => headers.has(setName(name, family)));
  // One after the other, as the second may be refused.
  const done: (typeof there)[number][] = [];
  try {
    for (const family of there) {
      await sets.write(renameLines(name, [family], 'spare'));
      done.push(family);
    }
  } catch (error) {
    await sets.write(renameLines(name, done, 'live'));
    throw error;
  }
}

export async function dropSpares(
  name: string,
  sets: LiveSets,
  headers: ReadonlyMap<string, SetHeader>,
): Promise<void> {
  await sets.destroy(FAMILIES.map((family) => spareName(name, family)).filter((set) => headers.has(set)));
}

/**
 * Makes what is live of a list what is on record, whatever was begun with it.
 *
 * @returns what was different; `null`: nothing
 */
export async function mendList(
  name: string,
  stored: StoredList | null,
  sets: LiveSets,
): Promise<ListDifference | null> {
  if (stored === null || stored.record.isRemoved) {
    const headers = await sets.headers();
    await sets.destroy(FAMILIES.map((family) => setName(name, family)).filter((set) => headers.has(set)));
    await dropSpares(name, sets, headers);
    return null;
  }
  const difference = await compareList(stored, sets);
  const { record, content } = stored;
  if (difference.isBroken) {
    await fillSpares(record, content, sets);
    await swapSpares(record, sets, await sets.headers());
  } else await sets.write(changeLines(name, difference.changes, record.kind, Date.now()));
  await dropSpares(name, sets, await sets.headers());
  return difference.isBroken || difference.changes.length > 0 ? difference : null;
}
