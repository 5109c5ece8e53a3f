import type { Job } from '../../contract/jobs/job.ts';

/** With more entries, a job is kept as it came while it waits. */
const MOST_KEPT = 2_000;
/**
 * For so long a job is taken as it was read: the turn of most comes at once. What has waited for longer is read again, as its keys may not be
 * trusted any more.
 */
const SOON_MS = 1_000;

/** What is kept of a job that waits. */
export interface KeptJob {
  /** The job, without the entries of a long list: what is needed to choose the next one. */
  job: Job;
  /** How many entries it has. */
  entries: number;
  /** Takes all that was sent; `null`: it has waited, and is to be read again. */
  takeWhole: () => Job | null;
}

/** So many jobs may wait that all entries of long lists together would not fit into memory. */
export function keptOf(job: Job): KeptJob {
  const entries = entriesOf(job);
  const takeWhole = keptFor(SOON_MS, job);
  return { job: entries <= MOST_KEPT ? job : withoutEntries(job), entries, takeWhole };
}

function entriesOf(job: Job): number {
  if (job.action === 'list.replace') return job.list.entries.length;
  if (job.action !== 'list.change') return 0;
  return (job.list.add?.length ?? 0) + (job.list.remove?.length ?? 0);
}

function withoutEntries(job: Job): Job {
  if (job.action === 'list.replace') return { ...job, list: { ...job.list, entries: [] } };
  if (job.action === 'list.change') return { ...job, list: { ...job.list, add: [], remove: [] } };
  return job;
}

/** Something that can be taken once, within so many milliseconds. */
function keptFor<T>(ms: number, kept: T): () => T | null {
  let left: T | null = kept;
  const timer = setTimeout(() => (left = null), ms).unref();
  return () => {
    clearTimeout(timer);
    const taken = left;
    left = null;
    return taken;
  };
}
