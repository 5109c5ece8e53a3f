import type { Job } from '../../contract/jobs/job.ts';
import { ended, failed, type JobEnd } from '../outcome/job-end.ts';
import type { JobOrigin } from '../ports/pending.ts';
import type { Ports } from '../ports/ports.ts';
import { mayCancel } from './authorise.ts';

type Known = Pick<Ports, 'cancels' | 'ring' | 'identity' | 'clock' | 'log'>;

/**
 * The end of a job that was cancelled by somebody who could have asked for it; `null`: it is to be run. Where that cannot be known, it
 * fails, as what was taken back must not run.
 */
export async function cancelledEnd(
  job: Job,
  { authenticated }: JobOrigin,
  ports: Known,
): Promise<JobEnd | null> {
  const { cancels, ring, log } = ports;
  try {
    const cancellation = await cancels.find(job.id);
    if (cancellation === null) return null;
    const trusted = (await ring.keys()) ?? [];
    const may = cancellation.by.some((kids) => {
      const signers = trusted.filter(({ kid }) => kids.includes(kid));
      return mayCancel(job, signers, ports, authenticated);
    });
    if (may) return ended('cancelled');
    log.warn(
      { jobId: job.id, by: cancellation.by },
      'A job is run although it was cancelled: who did that may not ask for it',
    );
    return null;
  } catch (error) {
    return failed(error);
  }
}
