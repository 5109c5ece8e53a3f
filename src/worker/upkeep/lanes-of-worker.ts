import type { RollbackJob } from '../../contract/jobs/job.ts';
import { runListJobs } from '../../job/lists/run-lists.ts';
import type { Ports } from '../../job/ports/ports.ts';
import { JobLanes } from './job-lanes.ts';

/** The lanes of a worker, and the ports with which its jobs are run. */
export function lanesOf(ports: Ports): { lanes: JobLanes; jobPorts: Ports } {
  const lanes: JobLanes = new JobLanes({
    runLists: async (runs) => await runListJobs(runs, jobPorts),
    earlier: async (job) => await earlierTexts(job, ports),
    onWaiting: (job, list) => void tellWaiting(job.id, list, ports),
  });
  const jobPorts = { ...ports, listTurn: lanes.turn };
  return { lanes, jobPorts };
}

async function earlierTexts(
  { ruleset: { name } }: RollbackJob,
  { rulesets, contents }: Pick<Ports, 'rulesets' | 'contents'>,
): Promise<string[]> {
  const record = await rulesets.find(name);
  const texts: string[] = [];
  for (const digest of record?.earlier ?? []) {
    const { ipv4 = '', ipv6 = '' } = await contents.read(digest);
    texts.push(ipv4, ipv6);
  }
  return texts;
}

/** Says so where a job has to wait for a person. */
async function tellWaiting(
  jobId: string,
  list: string,
  { listJournal, log }: Pick<Ports, 'listJournal' | 'log'>,
): Promise<void> {
  const change = await listJournal.read(list).catch(() => null);
  const [first] = change?.jobs ?? [];
  if (change?.window?.mode !== 'manual' || first === undefined) return;
  const { deadline } = change.window;
  log.info(
    { jobId, list },
    `Waits for confirm or abort of job ${first.job.id} until ${deadline}: it is of the same list`,
  );
}
