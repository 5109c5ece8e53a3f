import type { Job, RulesetJob } from '../../contract/job.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { RulesetRecord } from '../ports/stores.ts';

/** Past its time, a job is not run: whoever sent it has long decided something else. */
export function isExpired(job: Job, now: Date): boolean {
  return job.expiresAt !== undefined && Date.parse(job.expiresAt) <= now.getTime();
}

/**
 * Holds a job's revision against the highest one that is committed of that name.
 *
 * @returns whether the very same content is committed under that revision already
 * @throws {JobFailure} of stage `admit`: revisions never go back, and one never means two things
 */
export function admitRevision(
  job: RulesetJob,
  digest: string | null,
  record: RulesetRecord | undefined,
): boolean {
  const { name, revision } = job.ruleset;
  const committed = record?.committed ?? null;
  assertCommitted(job, committed);
  if (committed === null || revision > committed.revision) return false;
  if (revision < committed.revision) {
    throw new JobFailure(
      'admit',
      'revision_stale',
      `ruleset ${name} is at revision ${committed.revision} here: revision ${revision} is older`,
    );
  }
  if (committed.digest !== digest) {
    throw new JobFailure(
      'admit',
      'revision_conflict',
      `revision ${revision} of ruleset ${name} is committed here with another content`,
    );
  }
  return true;
}

/** A job may be for a host on which a certain revision, or content, is committed, and for no other. */
function assertCommitted({ ruleset }: RulesetJob, committed: RulesetRecord['committed']): void {
  const { name, ifRevision, ifDigest } = ruleset;
  if (ifRevision !== undefined && ifRevision !== (committed?.revision ?? 0)) {
    throw new JobFailure(
      'admit',
      'revision_conflict',
      `ruleset ${name} is at revision ${committed?.revision ?? 0} here, and the job asks for ${ifRevision}`,
    );
  }
  if (ifDigest !== undefined && ifDigest !== committed?.digest) {
    throw new JobFailure(
      'admit',
      'revision_conflict',
      `ruleset ${name} has another content here than the one that the job is for`,
    );
  }
}
