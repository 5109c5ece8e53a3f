import type { ListJob } from '../../contract/jobs/list-job.ts';
import type { Digest } from '../../contract/words/identifiers.ts';
import type { ListContent, ListKind } from '../../list/content.ts';
import { jobDigests } from '../../list/digest.ts';
import { findBoth, type ReadEntries, readEntries } from '../../list/read-entries.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf } from '../outcome/naming.ts';
import { inTurns } from '../time/in-turns.ts';

/** What a job asks of a list, with its entries read. */
export interface ListWish {
  action: ListJob['action'];
  name: string;
  revision: number;
  /** The digest of all this. */
  asked: Digest;
  /** All that the list is to have, or what is added to it. */
  entries: ListContent;
  /** The digest of a list that has just these, also those which have ended. */
  entriesDigest: string;
  remove: ReadonlySet<string>;
  kind: ListKind | null;
  maxEntries: number | null;
  onNever: 'refuse' | 'skip';
  cut: boolean;
}

const NOTHING = {
  entries: [],
  kind: undefined,
  maxEntries: undefined,
  onNever: 'refuse',
  cut: false,
} as const;

/** @throws {JobFailure} `list_invalid`, with the place of each entry that cannot be taken */
export async function readListJob({ action, list }: ListJob): Promise<ListWish> {
  const { name, revision } = list;
  const {
    entries: sent,
    kind = null,
    maxEntries = null,
    onNever,
    cut,
  } = { ...NOTHING, ...('add' in list ? { ...list, entries: list.add } : list) };
  const added = await inTurns(readEntries(sent, action === 'list.change' ? 'add' : 'entries'));
  const removed = await inTurns(readEntries('remove' in list ? list.remove : [], 'remove'));
  const problems = [added, removed, findBoth(added, removed)];
  if (problems.some(({ problemCount }) => problemCount > 0)) throw invalid({ name, revision }, problems);
  const remove = new Set(removed.entries.keys());
  const { entries } = added;
  const digests = await inTurns(jobDigests({ action, kind, maxEntries, entries, remove }));
  const { asked, content: entriesDigest } = digests;
  return { action, name, revision, asked, entries, entriesDigest, remove, kind, maxEntries, onNever, cut };
}

function invalid(list: { name: string; revision: number }, read: readonly ReadEntries[]): JobFailure {
  const count = read.reduce((sum, { problemCount }) => sum + problemCount, 0);
  const told = read.flatMap(({ problems }) => problems);
  const each = told.map(({ place, text, reason }) => `${place} "${text}" ${reason}`);
  const more = count > told.length ? `; and ${count - told.length} more` : '';
  const what = `${count} ${count === 1 ? 'entry' : 'entries'}`;
  const message = `${what} of list ${labelOf(list)} cannot be taken: ${each.join('; ')}${more}`;
  return new JobFailure('lint', 'list_invalid', message);
}
