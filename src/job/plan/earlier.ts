import type { Digest, Scope } from '../../contract/identifiers.ts';
import type { RollbackJob } from '../../contract/job.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { ContentStore, RulesetContent, RulesetRecord } from '../ports/stores.ts';

/** So many times in a row one can go back. */
const MOST_EARLIER = 10;

/** What can be gone back to once something else is committed. What is live goes on top, unless it is that very thing. */
export function earlierAfter(record: RulesetRecord | undefined, scope: Scope, digest: Digest): Digest[] {
  if (record === undefined || record.scope !== scope) return [];
  const { live, committed, earlier } = record;
  const all = live === null || committed === null ? earlier : [...earlier, committed.digest];
  const others = all.slice(0, all.findLastIndex((known) => known !== digest) + 1);
  return others.slice(-MOST_EARLIER);
}

/**
 * The content that was committed before the one that is live, and what can be gone back to from there.
 *
 * @throws {JobFailure} `no_previous_revision`; {@link StateUnavailable} if it cannot be read
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
