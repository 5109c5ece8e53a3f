import type { JobRun } from '../outcome/job-run.ts';

/** The place of one job in a batch. */
export interface BatchPlace {
  /** Comes to the others, and resolves when the job has ended. */
  join(run: JobRun): Promise<void>;
  /** The others need not wait: it has come, or it is not to be run. */
  leave(): void;
}

/**
 * Several jobs of one list that are to be run together. Each comes by itself, once it is known that it has to be run; the work begins
 * when all have come, or need not come.
 */
export function newBatch(
  count: number,
  work: (runs: readonly JobRun[]) => Promise<void>,
): readonly BatchPlace[] {
  const runs: JobRun[] = [];
  let awaited = count;
  let begin: () => void = () => {};
  const all = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const workOnAll = async () => {
    await all;
    if (runs.length > 0) await work(runs);
  };
  const done = workOnAll();
  // Whoever has joined gets the error.
  done.catch(() => {});
  return Array.from({ length: count }, () => {
    let isHere = false;
    const leave = () => {
      if (isHere) return;
      isHere = true;
      awaited -= 1;
      if (awaited === 0) begin();
    };
    return {
      leave,
      join: async (run: JobRun) => {
        runs.push(run);
        leave();
        await done;
      },
    };
  });
}
