import { isRulesetJob, type Job, type RulesetJob } from '../../contract/jobs/job.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf } from '../outcome/naming.ts';
import { isSameEnd, untilOf } from '../plan/lasting.ts';
import type { JobOrigin } from '../ports/pending.ts';
import type { Ports } from '../ports/ports.ts';
import type { RulesetRecord } from '../ports/stores.ts';

/** Says whether a job is too late to run: its sender has stopped counting on it by then, or its ruleset would be over. */
export function isExpired(job: Job, now: Date): boolean {
  const until = isRulesetJob(job) ? untilOf(job) : null;
  return [job.expiresAt, until].some((time) => time != null && Date.parse(time) <= now.getTime());
}

/**
 * A ruleset that ends before its change has to be confirmed could not even be confirmed.
 *
 * @throws {JobFailure} `ruleset_invalid`
 */
export function assertLasts(job: RulesetJob, now: Date): void {
  const until = untilOf(job);
  const { mode, timeoutSeconds } = job.confirm;
  if (until === null || mode === 'none') return;
  if (Date.parse(until) >= now.getTime() + timeoutSeconds * 1000) return;
  throw new JobFailure(
    'lint',
    'ruleset_invalid',
    `ruleset ${labelOf(job.ruleset)} ends at ${until}, before the ${timeoutSeconds} s in which it has to be confirmed are over: give it a later end, or a shorter time to be confirmed`,
  );
}

/** @throws {JobFailure} `policy_denied`: a signed job has to expire, unless the host's policy takes it without */
export function assertExpires(
  { expiresAt }: Job,
  { authenticated }: JobOrigin,
  { identity }: Pick<Ports, 'identity'>,
): void {
  if (!authenticated || expiresAt !== undefined || identity.signatures.withoutExpiry) return;
  throw new JobFailure(
    'lint',
    'policy_denied',
    'the job is signed, and has no expiresAt: whoever has a copy of it could publish it again at any time',
  );
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
  assertCommitted(job, record);
  if (committed === null || revision > committed.revision) return false;
  if (revision < committed.revision) {
    throw new JobFailure(
      'admit',
      'revision_stale',
      `ruleset ${name} is at revision ${committed.revision} here: revision ${revision} is older`,
    );
  }
  const conflict = conflictOf(job, digest, committed, record);
  if (conflict === null) return true;
  throw new JobFailure('admit', 'revision_conflict', `revision ${revision} of ruleset ${name} ${conflict}`);
}

function conflictOf(
  job: RulesetJob,
  digest: string | null,
  committed: NonNullable<RulesetRecord['committed']>,
  record: RulesetRecord | undefined,
): string | null {
  if (record?.hasEnded === true) return 'has come to its end here: send it as a new revision';
  if (committed.digest !== digest) return 'is committed here with another content';
  const until = record?.end?.until ?? null;
  if (isSameEnd(untilOf(job), until)) return null;
  return `is committed here ${until === null ? 'without an end' : `with another end, ${until}`}`;
}

/** A job can demand that a certain revision or content is committed. On any other host the job is refused. */
function assertCommitted({ ruleset }: RulesetJob, record: RulesetRecord | undefined): void {
  const committed = record?.committed ?? null;
  const brought = record?.contentRevision ?? committed?.revision ?? 0;
  const unmet = unmetBy(ruleset, committed) ?? unmetByContent(ruleset, brought);
  if (unmet !== null) throw new JobFailure('admit', 'revision_conflict', unmet);
}

function unmetBy(
  { name, ifRevision, ifDigest }: RulesetJob['ruleset'],
  committed: RulesetRecord['committed'],
): string | null {
  const revision = committed?.revision ?? 0;
  if (ifRevision !== undefined && ifRevision !== revision)
    return `ruleset ${name} is at revision ${revision} here, and the job asks for ${ifRevision}`;
  if (ifDigest === undefined || ifDigest === committed?.digest) return null;
  return `ruleset ${name} has another content here than the one that the job is for`;
}

/** @param brought the revision that brought what is committed */
function unmetByContent(ruleset: RulesetJob['ruleset'], brought: number): string | null {
  const asked = 'ifContentRevision' in ruleset ? ruleset.ifContentRevision : undefined;
  if (asked === undefined || asked === brought) return null;
  return `revision ${asked} of ruleset ${ruleset.name} has brought nothing here that would be taken back: its content is here since revision ${brought}`;
}
