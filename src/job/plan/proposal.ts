import type { Outcome } from '../../contract/event.ts';
import type { Digest } from '../../contract/identifiers.ts';
import type { RulesetTest } from '../../contract/ruleset-test.ts';
import type { RulesetRecord } from '../ports/stores.ts';
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
  /** What packets must do under it, the policy's tests included. */
  tests: readonly RulesetTest[];
  /** The job's outcome if something was changed, and if nothing had to be. */
  outcomes: { changed: Outcome; same: Outcome };
}
