import { isRulesetJob, type Job } from '../../contract/jobs/job.ts';
import type { Entry } from './waiting-job.ts';

/** Those that need not wait for anything else; and neither does another job of the same ruleset, of which the newest comes first. */
export function readyOf(entries: readonly Entry[]): Entry[] {
  const held = new Set(entries.filter(({ isReady }) => !isReady).map(({ job }) => rulesetOf(job)));
  return entries.filter(({ isReady, job }) => isReady && (held.size === 0 || !held.has(rulesetOf(job))));
}

function rulesetOf(job: Job): string | null {
  return isRulesetJob(job) ? job.ruleset.name : null;
}

/** Those for which something is so, and the others. */
export function partition<T>(list: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [list.filter(test), list.filter((item) => !test(item))];
}
