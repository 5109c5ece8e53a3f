import type { TrialLine } from '../../ruleset/trial/trial.ts';
import type { RestoreFault } from '../ports/restore-fault.ts';

/** What iptables said about lines that it refused together. */
export interface Verdict {
  fault: RestoreFault;
  /** The lines that iptables named. Each is only a hint. */
  named: { line: TrialLine; reason: string }[];
}

/** Tries lines of one table together. Returns `null` if they are taken. */
export type Attempt = (lines: readonly TrialLine[]) => Promise<Verdict | null>;

/** A line that is proved to be a failing one. */
export interface Refusal {
  line: TrialLine;
  /** What iptables said about the line when it was tried alone (with the jumps before it). */
  verdict: Verdict;
}

/** The failing lines of a table. `isAll` is `false` if the search was given up before it was complete. */
export interface Refusals {
  refusals: Refusal[];
  isAll: boolean;
}

/** Legacy iptables only says that the kernel refused the table, not why. */
export const NO_REASON = 'the kernel refuses it, and iptables does not say why';
