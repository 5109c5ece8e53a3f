import type { Job, RulesetJob } from '../../contract/job.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { RulesetRecord } from '../ports/stores.ts';

/** Says whether a job is too late to run. Its sender has stopped counting on it by then. */
export function isExpired(job: Job, now: Date): boolean {
  return job.expiresAt !== undefined && Date.parse(job.expiresAt) <= now.getTime();
}

/**
 * Compares a job's revision with the highest committed revision of the ruleset.
 *
 * @returns whether the very same content is already committed under that revision
 * @throws {JobFailure} of stage `admit`: a revision never goes back, and never stands for two contents
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

/** A job can demand that a certain revision or content is committed. On any other host the job is refused. */
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
