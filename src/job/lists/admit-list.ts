import { JobFailure } from '../outcome/job-failure.ts';
import type { ListRecord } from '../ports/lists.ts';
import type { ListWish } from './read-list-job.ts';

/**
 * Compares a job's revision with what is committed of the list.
 *
 * @returns whether the very same is committed already
 * @throws {JobFailure} of stage `admit`; `list_invalid` if the list is of another kind
 */
export function admitList(wish: ListWish, record: ListRecord | null): boolean {
  const { action, name, revision, asked, kind } = wish;
  const committed = record?.revision ?? 0;
  if (revision < committed) {
    const message = `list ${name} is at revision ${committed} here: revision ${revision} is older`;
    throw new JobFailure('admit', 'revision_stale', message);
  }
  if (revision === committed) {
    if (record?.asked === asked) return true;
    const message = `revision ${revision} of list ${name} is committed here with another content`;
    throw new JobFailure('admit', 'revision_conflict', message);
  }
  if (action === 'list.change' && revision !== committed + 1) {
    const message = `list ${name} is at revision ${committed} here, and this change, which makes revision ${revision}, is one of revision ${revision - 1}: what is between is missing`;
    throw new JobFailure('admit', 'revision_gap', message);
  }
  const before = record === null || record.isRemoved ? null : record.kind;
  if (kind !== null && before !== null && kind !== before) {
    const message = `list ${name} is of kind ${before} here, and the job says ${kind}: remove the list before it is made anew`;
    throw new JobFailure('lint', 'list_invalid', message);
  }
  return false;
}
