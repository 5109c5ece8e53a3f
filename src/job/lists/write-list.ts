import { FAMILIES } from '../../contract/words/identifiers.ts';
import { type EntryChange, goneFirst } from '../../list/plan-delta.ts';
import { changeLines, renameLines, spareName, swapLines } from '../../list/set-lines.ts';
import { bothDone } from '../change/both-done.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { LiveSets } from '../ports/list-session.ts';
import { type ListRecord, type SetHeader, SetsFailed } from '../ports/lists.ts';
import { areSets, areSetsCounted } from './compare-list.ts';
import { fillSpares, mendList, putAside, swapSpares } from './live-list.ts';
import { type Draft, wholeContent } from './plan-list.ts';

/** How a list was written. `swapped`: what was there before is in the second sets. */
export type Written = 'swapped' | 'aside' | 'changed';

/**
 * Makes the kernel have what a draft says.
 *
 * @param live the sets as they are
 * @param meanwhile is called at most once, and has ended when this returns or throws
 * @throws {SetsFailed | JobFailure} with what was begun left as it is; or what `meanwhile` throws
 */
export async function writeDraft(
  draft: Draft,
  record: ListRecord,
  sets: LiveSets,
  live: ReadonlyMap<string, SetHeader>,
  meanwhile: () => Promise<void>,
): Promise<Written> {
  if (draft.isRemoved) {
    await bothDone(putAside(record.name, sets), meanwhile());
    return 'aside';
  }
  // What others have emptied is written whole, else what is told of it would not be live.
  if (
    draft.before !== null &&
    !draft.before.record.isRemoved &&
    draft.content === null &&
    areSets(record, live) &&
    areSetsCounted(draft.before, live)
  ) {
    const [isChanged] = await bothDone(changeLive(draft, record, sets), meanwhile());
    if (isChanged) return 'changed';
    await fillSpares(record, wholeContent(draft), sets);
  } else await fillSpares(record, wholeContent(draft), sets, meanwhile);
  const headers = await sets.headers();
  assertFilled(record, headers);
  await swapSpares(record, sets, headers);
  return 'swapped';
}

/** @returns `false`: the sets are not such as they should be, and nothing was changed */
async function changeLive(draft: Draft, record: ListRecord, sets: LiveSets): Promise<boolean> {
  const changes = [...draft.changes.values()];
  const write = async (some: readonly EntryChange[]) =>
    await sets.write(changeLines(record.name, some, record.kind, Date.now()));
  try {
    await write(changes).catch(async (error: unknown) => {
      if (!(error instanceof SetsFailed && error.kind === 'full')) throw error;
      // There is room once what goes is gone. Else that goes last, so that a network is never without what comes in its place.
      await write(goneFirst(changes));
    });
    return true;
  } catch (error) {
    // Only then is it looked at: that takes as long as the change itself.
    if (error instanceof SetsFailed && !areSets(record, await sets.headers())) return false;
    throw error;
  }
}

/** @throws {JobFailure} `verify_mismatch` */
function assertFilled(
  { name, entries, nextEndMs }: ListRecord,
  headers: ReadonlyMap<string, SetHeader>,
): void {
  const wrong = FAMILIES.find((family) => {
    const count = headers.get(spareName(name, family))?.entries ?? -1;
    // Some may have ended meanwhile.
    return nextEndMs === null ? count !== entries[family] : count > entries[family];
  });
  if (wrong === undefined) return;
  const message = `list ${name} has ${headers.get(spareName(name, wrong))?.entries ?? 'no'} entries of ${wrong} after it was filled, in place of ${entries[wrong]}`;
  throw new JobFailure('verify', 'verify_mismatch', message);
}

/** Makes the kernel have what it had. @throws {SetsFailed} */
export async function unwriteDraft(
  draft: Draft,
  record: ListRecord,
  written: Written | null,
  sets: LiveSets,
): Promise<void> {
  // The quick way first. What comes then looks whether it is so, and mends what is not.
  if (written === 'swapped') await sets.write(swapLines(record.name)).catch(() => {});
  if (written === 'aside') await putBack(record.name, sets).catch(() => {});
  await mendList(record.name, draft.before, sets);
}

async function putBack(name: string, sets: LiveSets): Promise<void> {
  const headers = await sets.headers();
  const aside = FAMILIES.filter((family) => headers.has(spareName(name, family)));
  await sets.write(renameLines(name, aside, 'live'));
}
