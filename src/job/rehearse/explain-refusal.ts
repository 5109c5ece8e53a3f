import { perFamily } from '../../ruleset/tables.ts';
import { asJobFailure } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { Intent } from '../plan/intent.ts';
import { concernOf, takeSnapshot } from '../plan/snapshot.ts';
import type { HostSession } from '../ports/session.ts';
import { rehearse } from './rehearse.ts';

/**
 * Looks for the failing lines when the kernel refused on the host what it had taken in a rehearsal. Something has changed between
 * the two, such as a chain of others that is gone. So everything is rehearsed again, on the host as it is now. If the kernel now
 * refuses lines, they are the failing ones. If it takes all, no line is to blame, and the failure stays as it was.
 */
export async function explainRefusal(
  intent: Intent,
  failure: JobFailure,
  { rules, ports: { sandbox } }: HostSession,
): Promise<JobFailure> {
  if (failure.stage !== 'apply' || failure.code !== 'apply_failed') return failure;
  try {
    const live = await takeSnapshot(rules, concernOf(intent));
    const nothingKnown = perFamily(() => new Map());
    await rehearse(intent, live, nothingKnown, sandbox);
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
