import { perFamily } from '../../ruleset/tables.ts';
import { asJobFailure } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { Intent } from '../plan/intent.ts';
import { concernOf, takeSnapshot } from '../plan/snapshot.ts';
import type { HostSession } from '../ports/session.ts';
import { rehearse } from './rehearse.ts';

/**
 * The kernel refused on the host what it had taken in a rehearsal: something has changed since, such as a chain of others
 * that is gone. With all that is wanted tried anew, on the host as it is now, the failing lines show; if all is taken,
 * no line is to blame.
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
