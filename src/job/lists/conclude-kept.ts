import { ended, type JobEnd } from '../outcome/job-end.ts';
import type { JobRun } from '../outcome/job-run.ts';
import type { ListEnd } from '../ports/lists.ts';

/** How many ends are kept at a time: each is flushed to the disk, which takes as long for one as for several. */
const AT_ONCE = 20;

/** Ends jobs whose change stays. */
export async function concludeKept(jobs: readonly { run: JobRun; end: ListEnd }[]): Promise<void> {
  for (let first = 0; first < jobs.length; first += AT_ONCE) {
    await Promise.all(
      jobs.slice(first, first + AT_ONCE).map(async ({ run, end }) => {
        run.listDigest = end.digest;
        await run.conclude(endOf(end));
      }),
    );
  }
}

/** How a job ends whose change stays. */
export function endOf({ outcome, changed, counts, skipped }: ListEnd): JobEnd {
  return ended(outcome, { changed, counts, skipped });
}
