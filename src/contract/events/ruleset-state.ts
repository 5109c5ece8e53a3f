import * as z from 'zod';
import { Digest, Revision, RulesetName } from '../words/identifiers.ts';

/** The ruleset of a job, and what is committed under its name on the host when the job has ended. */
export const RulesetState = z.object({
  name: RulesetName,
  revision: Revision.describe('The revision that the job has asked for.'),
  digest: Digest.nullable().describe('The digest of what the job has asked for, once that is known.'),
  liveRevision: Revision.nullable().describe('The revision that is committed on the host; null: none.'),
  liveDigest: Digest.nullable().describe('The digest of what is committed on the host; null: nothing.'),
});

/** A ruleset and one of its revisions. */
export const RulesetRevision = z.object({ name: RulesetName, revision: Revision });
export const JobOfEvent = z.string().describe('The id of the job.');
export const RolloutOfJob = z.string().nullable().describe('The rolloutId of the job; null: it has none.');
