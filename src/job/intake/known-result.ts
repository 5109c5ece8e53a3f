import type { JobCompletedEvent } from '../../contract/events/event.ts';
import type { Job } from '../../contract/jobs/job.ts';
import { failed, type JobEnd } from '../outcome/job-end.ts';
import type { Ports } from '../ports/ports.ts';

/** What is known of a job that may have ended before. */
interface Known {
  event: JobCompletedEvent | null;
  /** Set if the results cannot be read. The worker could then run a job twice, so the job ends with this failure. */
  failure: JobEnd | null;
}

export async function findResult(job: Job, { results }: Pick<Ports, 'results'>): Promise<Known> {
  try {
    return { event: await results.find(job.id), failure: null };
  } catch (error) {
    return { event: null, failure: failed(error) };
  }
}

export async function mayHaveEnded(job: Job, ports: Pick<Ports, 'results'>): Promise<boolean> {
  const { event, failure } = await findResult(job, ports);
  return event !== null || failure !== null;
}
