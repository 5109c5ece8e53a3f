import type { ApplyJob, Job } from '../../contract/jobs/job.ts';
import { isListJob, type ListJob } from '../../contract/jobs/list-job.ts';
import { isExpired } from './admit.ts';

/** Which of the jobs that wait are run next. */
export interface Choice<T> {
  /** Several only if they are run together. */
  run: T[];
  /** Made pointless if that ends well. */
  rivals: T[];
}

interface Waiting {
  job: Job;
  entries?: number;
}

/**
 * The first job, with one exception: of several `apply` jobs of its ruleset, the highest revision. A job that demands a certain
 * revision or content (`ifRevision`, `ifDigest`) has no rivals: it keeps its place.
 */
export function chooseRuleset<T extends Waiting>([first, ...others]: readonly [T, ...T[]]): Choice<T> {
  const name = replaceable(first.job)?.ruleset.name;
  if (name === undefined) return { run: [first], rivals: [] };
  const rivals = [first, ...others.filter(({ job }) => replaceable(job)?.ruleset.name === name)];
  const best = highest(first, rivals, ({ job }) => replaceable(job)?.ruleset.revision ?? 0);
  const revision = replaceable(best.job)?.ruleset.revision ?? 0;
  return {
    run: [best],
    rivals: rivals.filter(({ job }) => (replaceable(job)?.ruleset.revision ?? 0) < revision),
  };
}

function replaceable(job: Job): ApplyJob | null {
  if (job.action !== 'apply') return null;
  const { ifRevision, ifDigest } = job.ruleset;
  if (ifRevision !== undefined || ifDigest !== undefined) return null;
  return isExpired(job, new Date()) ? null : job;
}

/** So that the jobs of one list cannot keep all others waiting. */
const MOST_TOGETHER = 1_000;
/** So that those that are run together, and have all been read then, fit into memory. */
const MOST_ENTRIES = 100_000;

/**
 * The first job, or what waits with it of the same list: the newest whole content makes all pointless that came before it; changes are
 * run in the order of their revisions, together.
 */
export function chooseList<T extends Waiting>(entries: readonly [T, ...T[]]): Choice<T> {
  const [first] = entries;
  if (!isListJob(first.job)) return { run: [first], rivals: [] };
  const same = untilRemoved(entries, first.job.list.name);
  if (same.length === 0) return { run: [first], rivals: [] };
  const whole = same.filter(({ list }) => list.action === 'list.replace' && !isExpired(list, new Date()));
  const [one] = whole;
  if (one !== undefined) {
    const best = highest(one, whole, ({ list }) => list.list.revision);
    const before = same.slice(0, same.indexOf(best));
    const rivals = before.filter(({ list }) => list.list.revision < best.list.list.revision);
    return { run: [best.entry], rivals: rivals.map(({ entry }) => entry) };
  }
  const changes = same.toSorted((a, b) => a.list.list.revision - b.list.list.revision);
  const asks = changes.findIndex(({ list }) => list.confirm.mode !== 'none');
  const count = asks === 0 ? 1 : asks === -1 ? MOST_TOGETHER : Math.min(asks, MOST_TOGETHER);
  return { run: fitting(changes.slice(0, count).map(({ entry }) => entry)), rivals: [] };
}

/** The first, and those behind it that fit beside it. */
function fitting<T extends Waiting>(entries: readonly T[]): T[] {
  let room = MOST_ENTRIES;
  const over = entries.findIndex(({ entries: count = 0 }, index) => {
    room -= count;
    return index > 0 && room < 0;
  });
  return over === -1 ? [...entries] : entries.slice(0, over);
}

/** The jobs that wait for a list to be changed, in their order, up to the first that removes it. */
function untilRemoved<T extends Waiting>(entries: readonly T[], name: string): { entry: T; list: ListJob }[] {
  const same = entries.flatMap((entry) =>
    isListJob(entry.job) && entry.job.list.name === name ? [{ entry, list: entry.job }] : [],
  );
  const removed = same.findIndex(({ list }) => list.action === 'list.remove');
  return removed === -1 ? same : same.slice(0, removed);
}

function highest<T>(first: T, all: readonly T[], revisionOf: (one: T) => number): T {
  return all.reduce((best, one) => (revisionOf(one) > revisionOf(best) ? one : best), first);
}
