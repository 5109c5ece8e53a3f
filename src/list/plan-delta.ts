import { hasEnded, type ListContent } from './content.ts';
import { WeightSum } from './digest.ts';
import { atOnce, ENTRIES_A_PIECE, type Pieces } from './pieces.ts';

/** One entry that changes. `undefined`: it is not there. */
export interface EntryChange {
  text: string;
  before: number | null | undefined;
  after: number | null | undefined;
}

export interface Delta {
  changes: EntryChange[];
  /** Entries that were not there, and entries that no more are. A new end is neither. */
  added: number;
  removed: number;
}

/** Plans what a list is to change by: entries that are to be there, with their ends, and entries that are not. Each is named once. */
export function* planDelta(
  live: Pick<ListContent, 'get'>,
  add: ListContent,
  remove: Iterable<string>,
  nowMs: number,
): Pieces<Delta> {
  const delta: Delta = { changes: [], added: 0, removed: 0 };
  let count = 0;
  for (const [text, until] of add) {
    note(delta, live, text, hasEnded(until, nowMs) ? undefined : until, nowMs);
    count += 1;
    if (count % ENTRIES_A_PIECE === 0) yield;
  }
  for (const text of remove) {
    note(delta, live, text, undefined, nowMs);
    count += 1;
    if (count % ENTRIES_A_PIECE === 0) yield;
  }
  return delta;
}

/** Plans how to get from one content to another. */
export function* planReplacement(live: ListContent, wanted: ListContent, nowMs: number): Pieces<Delta> {
  const gone = function* () {
    for (const text of live.keys()) if (!wanted.has(text)) yield text;
  };
  return yield* planDelta(live, wanted, gone(), nowMs);
}

function note(
  delta: Delta,
  live: Pick<ListContent, 'get'>,
  text: string,
  after: number | null | undefined,
  nowMs: number,
): void {
  const known = live.get(text);
  const before = known === undefined || hasEnded(known, nowMs) ? undefined : known;
  if (before === after) return;
  delta.changes.push({ text, before, after });
  if (before === undefined) delta.added += 1;
  if (after === undefined) delta.removed += 1;
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
  return atOnce(digestAfterInPieces(digest, changes));
}

export function* digestAfterInPieces(digest: string, changes: readonly EntryChange[]): Pieces<string> {
  const sum = new WeightSum();
  for (const [index, { text, before, after }] of changes.entries()) {
    if (before === undefined) sum.add(text);
    if (after === undefined) sum.add(text, -1);
    if (index % ENTRIES_A_PIECE === 0) yield;
  }
  return sum.addedTo(digest);
}
