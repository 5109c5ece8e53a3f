import type { Outcome } from '../../contract/event.ts';
import type { Digest } from '../../contract/identifiers.ts';
import type { RulesetRecord } from '../ports/stores.ts';
import type { Intent } from './intent.ts';

/** What a job proposes to make of the host, and how it ends if that is done. */
export interface Proposal {
  intent: Intent;
  /** What goes on record once the host has it. */
  committed: NonNullable<RulesetRecord['committed']>;
  /** The text that the committed digest is of; `null` when the ruleset goes. */
  content: string | null;
  /** What can be gone back to then, the newest last. */
  earlier: Digest[];
  /** The outcome when something was done, and when nothing had to be. */
  outcomes: { changed: Outcome; same: Outcome };
}
