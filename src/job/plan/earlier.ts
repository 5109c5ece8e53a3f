import type { RollbackJob } from '../../contract/jobs/job.ts';
import type { Digest, Scope } from '../../contract/words/identifiers.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { ContentStore, RulesetContent, RulesetRecord } from '../ports/stores.ts';

/** How many earlier contents of a ruleset are kept for rollbacks. */
const MOST_EARLIER = 10;

/**
 * Returns which contents can be gone back to after the next commit, the newest last. The content that is live now is added,
 * unless it is the very content that is committed next, or was to end: nobody goes back to that.
 */
export function earlierAfter(record: RulesetRecord | undefined, scope: Scope, digest: Digest): Digest[] {
  if (record === undefined || record.scope !== scope) return [];
  const { live, committed, earlier, end } = record;
  const stays = live !== null && committed !== null && end === null;
  const all = stays ? [...earlier, committed.digest] : earlier;
  const others = all.slice(0, all.findLastIndex((known) => known !== digest) + 1);
  return others.slice(-MOST_EARLIER);
}

/**
 * Returns the content that was committed before the live one, and what can be gone back to after that.
 *
 * @throws {JobFailure} `no_previous_revision`
 * @throws {StateUnavailable} if the content cannot be read
 */
export async function earlierContent(
  { ruleset: { name } }: RollbackJob,
  record: RulesetRecord | undefined,
  contents: ContentStore,
): Promise<{ content: RulesetContent; left: Digest[] }> {
  const digest = record?.earlier.at(-1);
  if (record === undefined || digest === undefined) {
    const message = `there is nothing to go back to: no content of ruleset ${name} before the one that is live is known here`;
    throw new JobFailure('admit', 'no_previous_revision', message);
  }
  return { content: await contents.read(digest), left: record.earlier.slice(0, -1) };
}
