import type { Outcome } from '../../contract/events/event.ts';
import type { RulesetTest } from '../../contract/jobs/ruleset-test.ts';
import type { Digest } from '../../contract/words/identifiers.ts';
import type { Ending } from '../ports/pending.ts';
import type { BootEnd, RulesetRecord } from '../ports/stores.ts';
import type { Intent } from './intent.ts';

/** What a job proposes to change on the host, and how the job ends then. */
export interface Proposal {
  intent: Intent;
  /** The revision and digest to put on record when the host has the change. */
  committed: NonNullable<RulesetRecord['committed']>;
  /** The text of the committed digest; `null` when the ruleset is removed. */
  content: string | null;
  /** The digests of what can be gone back to after the change, the newest last. */
  earlier: Digest[];
  /** When the content ends, what comes then, and what a boot loads then; `null`: it stays. */
  end: (NonNullable<RulesetRecord['end']> & BootEnd) | null;
  /** Set where no job asks for the change: the content that was live has come to its end. */
  ending: Ending | null;
  /** What packets must do under it, the policy's tests included. */
  tests: readonly RulesetTest[];
  /** The job's outcome if something was changed, and if nothing had to be. */
  outcomes: { changed: Outcome; same: Outcome };
}
