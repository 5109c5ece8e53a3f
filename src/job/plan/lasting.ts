import type { RulesetJob } from '../../contract/jobs/job.ts';
import type { BackTo, RulesetRecord } from '../ports/stores.ts';

/** The end that a job wants its content to have; `null`: none. */
export function untilOf({ ruleset }: RulesetJob): string | null {
  return 'until' in ruleset ? (ruleset.until ?? null) : null;
}

/** Whether the content that is live should have ended. Times are of the calendar, which may be set at any moment. */
export function isOver({ end, live }: Pick<RulesetRecord, 'end' | 'live'>, nowMs: number): boolean {
  return end !== null && live !== null && Date.parse(end.until) <= nowMs;
}

/** What a content with an end would go back to, if it were committed now: the last content that was committed without one. */
export function backTo(record: RulesetRecord | undefined): BackTo | null {
  if (record === undefined) return null;
  const { committed, live, end, contentRevision, earlier } = record;
  if (live === null || committed === null) return null;
  if (end !== null) return end.back;
  return { revision: contentRevision ?? committed.revision, digest: committed.digest, earlier };
}

/** Whether two ends are the same time, however it is written. */
export function isSameEnd(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one === other;
  return Date.parse(one) === Date.parse(other);
}
