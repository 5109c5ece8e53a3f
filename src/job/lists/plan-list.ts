import { DEFAULT_LIST_ENTRIES } from '../../contract/jobs/list-job.ts';
import { FAMILIES, type Family } from '../../contract/words/identifiers.ts';
import { familyOf, type ListContent, type ListKind } from '../../list/content.ts';
import { EMPTY_DIGEST } from '../../list/digest.ts';
import {
  applyDelta,
  type Delta,
  digestAfterInPieces,
  type EntryChange,
  planDelta,
  type Tally,
  tallyReplacement,
} from '../../list/plan-delta.ts';
import { type Summary, summariseAll, summaryAt, totalOf } from '../../list/summary.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf } from '../outcome/naming.ts';
import type { ListEnd, ListRecord, StoredList } from '../ports/lists.ts';
import { inTurns } from '../time/in-turns.ts';
import type { ListWish } from './read-list-job.ts';

/** A list as it is to be: what is on record, and what jobs have changed of that so far. */
export interface Draft {
  /** `null`: there never was such a list. */
  before: StoredList | null;
  record: ListRecord | null;
  summary: Summary;
  /** The entries that differ from what is on record. */
  changes: Map<string, EntryChange>;
  /** The whole content, if that is to be written anew. */
  content: ListContent | null;
  isRemoved: boolean;
}

const NOTHING: ListContent = new Map();

export function draftOf(before: StoredList | null, nowMs: number): Draft {
  const record = before?.record ?? null;
  const content = before === null || before.record.isRemoved ? NOTHING : before.content;
  const none: Summary = { entries: { ipv4: 0, ipv6: 0 }, digest: EMPTY_DIGEST, atMs: nowMs, nextEndMs: null };
  const summary = record === null ? none : { ...summaryAt(record, content, nowMs), atMs: nowMs };
  return { before, record, summary, changes: new Map(), content: null, isRemoved: record?.isRemoved ?? true };
}

/** What is on record, without what was removed. */
function contentOf({ before }: Draft): ListContent {
  return before === null || before.record.isRemoved ? NOTHING : before.content;
}

/** Whether a list is to have an entry. */
export function hasEntry(draft: Draft, text: string): boolean {
  return overlaid(draft.content ?? contentOf(draft), draft.changes).get(text) !== undefined;
}

export function kindOf(wish: ListWish, { record, isRemoved }: Draft): ListKind {
  const known = isRemoved ? null : record?.kind;
  return wish.kind ?? known ?? 'deny';
}

/**
 * Plans what a wish makes of a list.
 *
 * @throws {JobFailure} `list_full`
 */
export async function planWish(
  wish: ListWish,
  skipped: string[],
  draft: Draft,
  jobId: string,
  nowMs: number,
): Promise<{ draft: Draft; end: ListEnd }> {
  const isWhole = wish.action !== 'list.change';
  const isRemoved = wish.action === 'list.remove';
  const planned = isWhole ? await planWhole(wish, draft, nowMs) : await planSome(wish, draft, nowMs);
  const { tally, summary, changes } = planned;
  const maxEntries =
    wish.maxEntries ?? (draft.isRemoved ? null : draft.record?.maxEntries) ?? DEFAULT_LIST_ENTRIES;
  if (!isRemoved) assertRoom(wish, summary, maxEntries);
  const { name, revision, asked } = wish;
  const kind = isRemoved ? null : kindOf(wish, draft);
  const record = { name, kind, maxEntries, revision, asked, committedBy: jobId, isRemoved, ...summary };
  const changed = tally.isChanged || isOtherList(draft, isRemoved, maxEntries);
  return {
    draft: { ...draft, record, summary, changes, content: isWhole ? wish.entries : null, isRemoved },
    end: {
      outcome: changed ? 'applied' : 'unchanged',
      changed,
      counts: { added: tally.added, removed: tally.removed, entries: totalOf(summary) },
      skipped,
      digest: summary.digest,
    },
  };
}

interface Planned {
  tally: Tally;
  /** Of what the list then has. */
  summary: Summary;
  changes: Draft['changes'];
}

/** A list that gets another content, or none. */
async function planWhole(wish: ListWish, draft: Draft, nowMs: number): Promise<Planned> {
  const { entries, entriesDigest } = wish;
  const tally = await inTurns(tallyReplacement(contentOf(draft), entries, nowMs));
  const summary = await inTurns(summariseAll(entries, entriesDigest, nowMs));
  return { tally, summary, changes: new Map() };
}

/** A list of which some entries change. */
async function planSome({ entries, remove }: ListWish, draft: Draft, nowMs: number): Promise<Planned> {
  const { changes: before } = draft;
  const delta = await inTurns(planDelta(overlaid(contentOf(draft), before), entries, remove, nowMs));
  const changes = new Map(before);
  for (const change of delta.changes) note(changes, change);
  return { tally: delta, summary: await summaryAfter(draft.summary, delta, nowMs), changes };
}

/** Whether there is a change besides that of entries: it is made, taken away, or made for more entries. */
function isOtherList(
  { isRemoved: wasRemoved, record }: Draft,
  isRemoved: boolean,
  maxEntries: number,
): boolean {
  return wasRemoved !== isRemoved || (!isRemoved && record?.maxEntries !== maxEntries);
}

/** The content with what is changed of it, without a copy of the whole. */
function overlaid(content: ListContent, changes: ReadonlyMap<string, EntryChange>): Pick<ListContent, 'get'> {
  return {
    get: (text) => {
      const change = changes.get(text);
      return change === undefined ? content.get(text) : change.after;
    },
  };
}

function note(changes: Map<string, EntryChange>, { text, before, after }: EntryChange): void {
  const first = changes.get(text);
  changes.set(text, { text, before: first === undefined ? before : first.before, after });
}

async function summaryAfter(before: Summary, { changes }: Delta, nowMs: number): Promise<Summary> {
  const entries: Record<Family, number> = { ...before.entries };
  let nextEndMs = before.nextEndMs;
  for (const change of changes) {
    const by = Number(change.after !== undefined) - Number(change.before !== undefined);
    entries[familyOf(change.text)] += by;
    if (change.after != null) nextEndMs = Math.min(change.after, nextEndMs ?? change.after);
  }
  return {
    entries,
    digest: await inTurns(digestAfterInPieces(before.digest, changes)),
    atMs: nowMs,
    nextEndMs,
  };
}

function assertRoom(wish: ListWish, { entries }: Summary, maxEntries: number): void {
  const full = FAMILIES.find((family) => entries[family] > maxEntries);
  if (full === undefined) return;
  const message = `list ${labelOf(wish)} would have ${entries[full]} entries of ${full}, and has room for ${maxEntries}: nothing was changed`;
  throw new JobFailure('host', 'list_full', message);
}

/** Whether the file of the list is written whole. */
export function isWrittenWhole({ before, content, isRemoved }: Draft): boolean {
  return content !== null || isRemoved || before === null || before.record.isRemoved;
}

/** The whole content that a draft leads to. */
export function wholeContent(draft: Draft): ListContent {
  if (draft.isRemoved) return NOTHING;
  if (draft.content !== null) return draft.content;
  const content = new Map(contentOf(draft));
  applyDelta(content, [...draft.changes.values()]);
  return content;
}
