import type { TrialLine } from '../../ruleset/trial/trial.ts';
import type { RestoreFault } from '../ports/restore-fault.ts';

/** What iptables said of some lines that it refused together. */
export interface Verdict {
  fault: RestoreFault;
  /** The lines that it named: a hint, and no more. */
  named: { line: TrialLine; reason: string }[];
}

/** Tries lines of one table together; `null` if they are taken. */
export type Attempt = (lines: readonly TrialLine[]) => Promise<Verdict | null>;

/** A line that is shown to be a failing one. */
export interface Refusal {
  line: TrialLine;
  /** What was said of it alone. */
  verdict: Verdict;
}

/** What was found of a table: `isAll` unless it was given up to look for more. */
export interface Refusals {
  refusals: Refusal[];
  isAll: boolean;
}
