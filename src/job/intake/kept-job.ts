import type { Job } from '../../contract/job.ts';

/** With more entries, a job is kept as it came while it waits, and read again when its turn comes. */
const MOST_KEPT = 2_000;

/** What is kept of a job that waits: all of it, or what is needed to choose the next one. */
export interface KeptJob {
  job: Job;
  /** How many entries it has. */
  entries: number;
  isWhole: boolean;
}

/** So many jobs may wait that all entries of long lists together would not fit into memory. */
export function keptOf(job: Job): KeptJob {
  if (job.action === 'list.replace') {
    const entries = job.list.entries.length;
    if (entries > MOST_KEPT)
      return { job: { ...job, list: { ...job.list, entries: [] } }, entries, isWhole: false };
    return { job, entries, isWhole: true };
  }
  if (job.action !== 'list.change') return { job, entries: 0, isWhole: true };
  const entries = (job.list.add?.length ?? 0) + (job.list.remove?.length ?? 0);
  if (entries <= MOST_KEPT) return { job, entries, isWhole: true };
  return { job: { ...job, list: { ...job.list, add: [], remove: [] } }, entries, isWhole: false };
}
