import { FAMILIES } from '../../contract/words/identifiers.ts';
import { hasEnded } from '../../list/content.ts';
import type { EntryChange } from '../../list/plan-delta.ts';
import { changeLines, setName } from '../../list/set-lines.ts';
import type { LiveSets } from '../ports/list-session.ts';
import type { StoredList } from '../ports/lists.ts';
import { ownText } from './compare-list.ts';

/** So that one restore does not keep the list's other changes waiting, nor fill the memory. */
const AT_ONCE = 20_000;

/**
 * Sets the kernel's timeouts anew by the times at which entries end. The kernel counts seconds on its own, and knows of no clock that
 * was set, nor of a machine that slept.
 */
export async function renewTimeouts(stored: StoredList, sets: LiveSets): Promise<void> {
  await renew(stored, stored.content.keys(), sets);
}

/**
 * Does the same in a list that others have changed: what they have taken out is not put back by that, nor what they have put in
 * touched. That is drift, and not judged here.
 */
export async function renewLiveTimeouts(stored: StoredList, sets: LiveSets): Promise<void> {
  const headers = await sets.headers();
  for (const family of FAMILIES) {
    const set = setName(stored.record.name, family);
    if (headers.get(set)?.family !== family) continue;
    const live: string[] = [];
    await sets.read(set, (text) => {
      const own = stored.content.has(text) ? text : ownText(text);
      if (stored.content.get(own) != null) live.push(own);
    });
    await renew(stored, live, sets);
  }
}

async function renew(
  { record, content }: StoredList,
  texts: Iterable<string>,
  sets: LiveSets,
): Promise<void> {
  const nowMs = Date.now();
  let some: EntryChange[] = [];
  const write = async () => {
    await sets.write(changeLines(record.name, some, record.kind, nowMs));
    some = [];
  };
  for (const text of texts) {
    const until = content.get(text) ?? null;
    if (until === null) continue;
    some.push({ text, before: until, after: hasEnded(until, nowMs) ? undefined : until });
    if (some.length === AT_ONCE) await write();
  }
  await write();
}
