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
import { assertSetsFree, assertSparesFree, isOnRecord, ownSets } from './foreign-sets.ts';

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
  const headers = await sets.headers();
  assertSparesFree(name, headers);
  await dropSpares(name, sets, headers);
  const lines = FAMILIES.map(
    (family) => `${createLine(spareName(name, family), family, maxEntries, entries[family])}\n`,
  );
  const filled = await inTurns(fillLines(content, kind, (family) => spareName(name, family), Date.now()));
  await bothDone(sets.write(Buffer.concat([Buffer.from(lines.join('')), filled])), meanwhile());
}

/**
 * Puts the second sets in the place of the first, at once. Rules that match a list see the one or the other. What others have made in
 * the place of a first one goes where it cannot be swapped: nothing matches it, or {@link assertSetsFree} had said so.
 */
export async function swapSpares(
  { name, maxEntries }: Made,
  sets: LiveSets,
  headers: ReadonlyMap<string, SetHeader>,
): Promise<void> {
  const others = FAMILIES.filter((family) => headers.get(setName(name, family))?.swapsWith !== family);
  await sets.destroy(others.map((family) => setName(name, family)).filter((set) => headers.has(set)));
  // A swap needs something to be swapped with.
  const lines = others.map((family) => `${createLine(setName(name, family), family, maxEntries, 0)}\n`);
  await sets.write(lines.join('') + swapLines(name));
  // By its name alone it could not be told any more from what is none of the list's.
  const odd = FAMILIES.filter((family) => {
    const header = headers.get(setName(name, family));
    return header?.swapsWith === family && header.family !== family;
  });
  await sets.destroy(odd.map((family) => spareName(name, family)));
}

/** Takes the live sets aside. @throws {SetsFailed} `in-use`, if a rule matches one */
export async function putAside(name: string, sets: LiveSets): Promise<void> {
  const headers = await sets.headers();
  await dropSpares(name, sets, headers);
  // What others have put in their place is none of the list's.
  const there = FAMILIES.filter((family) => headers.get(setName(name, family))?.family === family);
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

/** Takes second sets away that nobody needs. What others have made under such a name stays. */
export async function dropSpares(
  name: string,
  sets: LiveSets,
  headers: ReadonlyMap<string, SetHeader>,
): Promise<void> {
  const names = new Set(FAMILIES.map((family) => spareName(name, family)));
  const own = ownSets(name, headers).filter((set) => names.has(set));
  // What something matches is none of ours.
  await sets.destroy(own.filter((set) => headers.get(set)?.references === 0));
}

/**
 * Makes what is live of a list what is on record, whatever was begun with it.
 *
 * @returns what was different; `null`: nothing
 * @throws {SetsFailed}
 * @throws {JobFailure} `list_in_use`, if another set is in the place of one of its own, and rules match that
 */
export async function mendList(
  name: string,
  stored: StoredList | null,
  sets: LiveSets,
): Promise<ListDifference | null> {
  if (stored === null || !isOnRecord(stored)) {
    await sets.destroy(ownSets(name, await sets.headers()));
    return null;
  }
  const difference = await compareList(stored, sets);
  const { record, content } = stored;
  const { changes, late } = difference;
  if (difference.isBroken) {
    assertSetsFree(name, stored, await sets.headers());
    await fillSpares(record, content, sets);
    await swapSpares(record, sets, await sets.headers());
  } else await sets.write(changeLines(name, [...changes, ...late], record.kind, Date.now()));
  await dropSpares(name, sets, await sets.headers());
  return difference.isBroken || changes.length > 0 ? difference : null;
}
