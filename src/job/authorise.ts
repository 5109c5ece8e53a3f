import type { Job } from '../contract/job.ts';
import { JobFailure } from './failure.ts';
import type { HostIdentity } from './ports.ts';

/**
 * Whether this host may be asked for that: the job must name it, however it was routed here.
 *
 * @throws {JobFailure} of stage `authorise`
 */
export function authorise({ target }: Pick<Job, 'target'>, identity: HostIdentity): void {
  if (!identity.allowUnsigned) {
    throw new JobFailure(
      'authorise',
      'signature_missing',
      'the job is not signed, and this host does not allow that',
    );
  }
  assertAddressed(target, identity);
}

function assertAddressed(target: Job['target'], { hostId, groups }: HostIdentity): void {
  const named =
    target.all === true ||
    target.hosts?.includes(hostId) === true ||
    groups.some((group) => target.groups?.includes(group) === true);
  if (named) return;
  throw new JobFailure(
    'authorise',
    'not_addressed',
    `host ${hostId} (groups: ${groups.join(', ') || 'none'}) is not in the job's target`,
  );
}
