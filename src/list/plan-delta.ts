import { ENTRIES_A_STEP, finish, type Steps } from '../steps.ts';
import { hasEnded, type ListContent } from './content.ts';
import { WeightSum } from './digest.ts';

/** One entry that changes. `undefined`: it is not there. */
export interface EntryChange {
  text: string;
  before: number | null | undefined;
  after: number | null | undefined;
}

/** What a change comes to. */
export interface Tally {
  isChanged: boolean;
  /** Entries that were not there, and entries that no more are. A new end is neither. */
  added: number;
  removed: number;
}

export interface Delta extends Tally {
  changes: EntryChange[];
}

/** Plans what a list is to change by: entries that are to be there, with their ends, and entries that are not. Each is named once. */
export function* planDelta(
  live: Pick<ListContent, 'get'>,
  add: ListContent,
  remove: Iterable<string>,
  nowMs: number,
): Steps<Delta> {
  const delta: Delta = { changes: [], isChanged: false, added: 0, removed: 0 };
  const plan = (text: string, after: number | null | undefined) => {
    const before = unlessEnded(live.get(text), nowMs);
    if (tally(delta, before, after)) delta.changes.push({ text, before, after });
  };
  let count = 0;
  for (const [text, until] of add) {
    plan(text, unlessEnded(until, nowMs));
    count += 1;
    if (count % ENTRIES_A_STEP === 0) yield;
  }
  for (const text of remove) {
    plan(text, undefined);
    count += 1;
    if (count % ENTRIES_A_STEP === 0) yield;
  }
  return delta;
}

/** Counts what a list changes by that gets another content: as it is written whole, nobody needs to know each entry. */
export function* tallyReplacement(live: ListContent, wanted: ListContent, nowMs: number): Steps<Tally> {
  const total: Tally = { isChanged: false, added: 0, removed: 0 };
  let count = 0;
  for (const [text, until] of wanted) {
    tally(total, unlessEnded(live.get(text), nowMs), unlessEnded(until, nowMs));
    count += 1;
    if (count % ENTRIES_A_STEP === 0) yield;
  }
  for (const [text, until] of live) {
    if (!wanted.has(text)) tally(total, unlessEnded(until, nowMs), undefined);
    count += 1;
    if (count % ENTRIES_A_STEP === 0) yield;
  }
  return total;
}

/** When an entry ends. `undefined`: it is not there, or has ended. */
function unlessEnded(until: number | null | undefined, nowMs: number): number | null | undefined {
  return until === undefined || hasEnded(until, nowMs) ? undefined : until;
}

/** @returns whether there is a change */
function tally(total: Tally, before: number | null | undefined, after: number | null | undefined): boolean {
  if (before === after) return false;
  total.isChanged = true;
  if (before === undefined) total.added += 1;
  if (after === undefined) total.removed += 1;
  return true;
}

/** The same changes in another order. Each entry is named once, so that the order makes no difference to what there is afterwards. */
export function goneFirst(changes: readonly EntryChange[]): EntryChange[] {
  return [
    ...changes.filter(({ after }) => after === undefined),
    ...changes.filter(({ after }) => after !== undefined),
  ];
}

/** Changes a content by what was planned. */
export function applyDelta(content: Map<string, number | null>, changes: readonly EntryChange[]): void {
  for (const { text, after } of changes) {
    if (after === undefined) content.delete(text);
    else content.set(text, after);
  }
}

/** The digest of a list after a change, without looking at what does not change. */
export function digestAfter(digest: string, changes: readonly EntryChange[]): string {
  return finish(digestAfterInPieces(digest, changes));
}

export function* digestAfterInPieces(digest: string, changes: readonly EntryChange[]): Steps<string> {
  const sum = new WeightSum();
  for (const [index, { text, before, after }] of changes.entries()) {
    if (before === undefined) sum.add(text);
    if (after === undefined) sum.add(text, -1);
    if (index % ENTRIES_A_STEP === 0) yield;
  }
  return sum.addedTo(digest);
}
