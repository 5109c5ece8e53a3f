import type { RolloutStarted } from '../../contract/rollouts/rollout-events.ts';
import { PlanError } from '../messages/errors.ts';

/** Whether hosts would refuse its jobs, which counts as failed. The first rollouts did not say when that is. */
export function areJobsExpired({ expiresAt }: RolloutStarted, now: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= now;
}

export function jobsExpired({ rolloutId, expiresAt }: RolloutStarted): PlanError {
  return new PlanError(
    `the jobs of rollout ${rolloutId} have expired at ${expiresAt}: start a new one; or abort this one, which takes back what it did, if it was begun with --on-failure rollback`,
  );
}
