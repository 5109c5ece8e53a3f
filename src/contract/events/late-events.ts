import * as z from 'zod';
import { Digest, Revision, Timestamp } from '../words/identifiers.ts';
import { Diff } from './diff.ts';
import { Failure } from './failure.ts';
import { ListState } from './list-state.ts';
import { JobOfEvent, RolloutOfJob, RulesetRevision, RulesetState } from './ruleset-state.ts';
import { Origin } from './worker-facts.ts';

/** What a host did with nobody waiting for it: it took a change back after all. */
export const JobUndone = Origin.extend({
  jobId: JobOfEvent,
  rolloutId: RolloutOfJob,
  ruleset: RulesetState.nullable().describe(
    'What the job had asked for, and what is committed now; null: it is about a list.',
  ),
  list: ListState.optional().describe('The same of a list, in place of a ruleset.'),
  diff: Diff.describe('What the undo changed. Of a list it has the counts alone.'),
  verified: z.literal(true).describe('The host was read again, and is as it was before the job.'),
});

/** A ruleset has come to its end. */
export const RulesetEnded = Origin.extend({
  ruleset: RulesetRevision.describe('The ruleset and its revision, of which the content has ended.'),
  until: Timestamp.describe('When it had to end.'),
  liveRevision: Revision.nullable().describe('The revision that the host went back to; null: none is live.'),
  liveDigest: Digest.nullable().describe('The digest of what the host went back to; null: nothing is live.'),
  diff: Diff.nullable().describe('What was changed; null: nothing was tried, or it was taken back.'),
  ok: z.boolean().describe('Whether the host went back. If not, it tries again until it has.'),
  failure: Failure.nullable().describe('Why it did not yet; else null.'),
});
