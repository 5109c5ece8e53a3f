import { FAMILIES } from '../../contract/words/identifiers.ts';
import { familyOf, hasEnded, type ListKind } from '../../list/content.ts';
import { parseNetwork } from '../../list/network.ts';
import type { EntryChange } from '../../list/plan-delta.ts';
import { setName } from '../../list/set-lines.ts';
import { isFarEnd, timeoutOf } from '../../list/timeout.ts';
import type { LiveSets } from '../ports/list-session.ts';
import type { ListRecord, SetHeader, StoredList } from '../ports/lists.ts';

/** An entry that ends at about this moment may still be live, or may not be any more. */
const ABOUT_MS = 2_000;

/** How what is live of a list differs from what is on record. `changes` would put it back. */
export interface ListDifference {
  /** A set is missing, or is another than it should be: no change of entries can put that back. */
  isBroken: boolean;
  changes: EntryChange[];
  /** Sets the times anew that the kernel counts to another end: none of them is drift, as clocks are set, and machines sleep. */
  late: EntryChange[];
}

/** Says whether both sets are there, and are such as the list needs. */
export function areSets({ name, maxEntries }: ListRecord, headers: ReadonlyMap<string, SetHeader>): boolean {
  return FAMILIES.every((family) => {
    const header = headers.get(setName(name, family));
    return header?.family === family && header.maxEntries === maxEntries;
  });
}

/** Says whether there are as many entries as there should be. That costs nothing, and finds most of what others do. */
export function isCounted(
  { record, content }: StoredList,
  headers: ReadonlyMap<string, SetHeader>,
  nowMs: number,
): boolean {
  const least = { ipv4: 0, ipv6: 0 };
  const most = { ipv4: 0, ipv6: 0 };
  for (const [text, until] of content) {
    const family = familyOf(text);
    if (!hasEnded(until, nowMs - ABOUT_MS)) most[family] += 1;
    if (!hasEnded(until, nowMs + ABOUT_MS)) least[family] += 1;
  }
  return FAMILIES.every((family) => {
    const { entries } = headers.get(setName(record.name, family)) ?? { entries: -1 };
    return entries >= least[family] && entries <= most[family];
  });
}

/** Compares entry by entry. Nothing is kept of what is the same. */
export async function compareList({ record, content }: StoredList, sets: LiveSets): Promise<ListDifference> {
  const { name, kind } = record;
  if (!areSets(record, await sets.headers())) return { isBroken: true, changes: [], late: [] };
  const changes: EntryChange[] = [];
  const late: EntryChange[] = [];
  let seen = 0;
  const missing = new Set<string>();
  const look = async (each: (text: string, timeout: number) => void) => {
    for (const family of FAMILIES) {
      await sets.read(setName(name, family), (text, timeout) =>
        each(content.has(text) ? text : ownText(text), timeout),
      );
    }
  };
  const nowMs = Date.now();
  await look((text, timeout) => {
    const ends = timeout > 0;
    // With a flag (nomatch) it means the opposite, and to add it again takes that away.
    const [plain = text, flag] = text.split(' ');
    const until = content.get(flag === undefined ? text : ownText(plain));
    if (until === undefined) changes.push({ text, before: ends ? nowMs : null, after: undefined });
    else {
      seen += 1;
      if (flag !== undefined) changes.push({ text: ownText(plain), before: undefined, after: until });
      else if (!isEndRight(until, ends, kind, nowMs)) changes.push({ text, before: undefined, after: until });
      else if (isLate(until, timeout, kind)) late.push({ text, before: until, after: until });
    }
  });
  if (seen < content.size) {
    for (const [text, until] of content) if (!hasEnded(until, nowMs + ABOUT_MS)) missing.add(text);
    await look((text) => missing.delete(text));
    for (const text of missing) changes.push({ text, before: undefined, after: content.get(text) });
  }
  return { isBroken: false, changes, late };
}

/** The kernel may write an address of IPv6 with dots. */
export function ownText(text: string): string {
  const network = parseNetwork(text);
  return typeof network === 'string' ? text : network.text;
}

function isEndRight(until: number | null, ends: boolean, kind: ListKind | null, nowMs: number): boolean {
  if (hasEnded(until, nowMs + ABOUT_MS) || isFarEnd(until, nowMs)) return true;
  return timeoutOf(until, kind, nowMs) > 0 === ends;
}

/** Whether the kernel counts to another end. */
function isLate(until: number | null, timeout: number, kind: ListKind | null): boolean {
  const nowMs = Date.now();
  if (hasEnded(until, nowMs + ABOUT_MS)) return false;
  return Math.abs(timeoutOf(until, kind, nowMs) - timeout) * 1000 > ABOUT_MS;
}

/** What can be seen without the entries. */
export function looksRight(record: ListRecord, headers: ReadonlyMap<string, SetHeader>): boolean {
  if (!areSets(record, headers)) return false;
  const { nextEndMs, entries, name } = record;
  if (nextEndMs !== null && nextEndMs <= Date.now() + ABOUT_MS) return false;
  return FAMILIES.every((family) => headers.get(setName(name, family))?.entries === entries[family]);
}

/** Whether both sets are there, with as many entries as are on record. */
export function areSetsCounted(stored: StoredList, headers: ReadonlyMap<string, SetHeader>): boolean {
  if (looksRight(stored.record, headers)) return true;
  return areSets(stored.record, headers) && isCounted(stored, headers, Date.now());
}
