import { perFamily } from '../../ruleset/tables.ts';
import { asJobFailure } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { Intent } from '../plan/intent.ts';
import { concernOf, takeSnapshot } from '../plan/snapshot.ts';
import type { Fence } from '../ports/host-lock.ts';
import type { Ports } from '../ports/ports.ts';
import { rehearse } from './rehearse.ts';

/**
 * The kernel refused on the host what it had taken in a rehearsal: something has changed since, such as a chain of others
 * that is gone. With all that is wanted tried anew, on the host as it is now, the failing lines show; if all is taken,
 * no line is to blame.
 */
export async function explainRefusal(
  intent: Intent,
  failure: JobFailure,
  { firewall, stage }: Ports,
  fence: Fence,
): Promise<JobFailure> {
  if (failure.stage !== 'apply' || failure.code !== 'apply_failed') return failure;
  try {
    const live = takeSnapshot(firewall, fence, concernOf(intent));
    await rehearse(
      intent,
      live,
      perFamily(() => new Map()),
      stage,
    );
    await live;
    return failure;
  } catch (error) {
    const { code, message, lines } = asJobFailure(error);
    if (code !== 'rule_rejected') return failure;
    const { tool } = failure;
    return new JobFailure('apply', code, message, {
      lines,
      cause: failure,
      ...(tool === null ? {} : { tool }),
    });
  }
}
