import { lineAt, renderTrial, type Trial, type TrialLine } from '../../ruleset/trial/trial.ts';
import { RestoreFailed } from '../ports/firewall.ts';
import { type Rehearsal } from '../ports/sandbox.ts';
import type { Refusals, Verdict } from './verdict.ts';

/** A table that the kernel or iptables refused. */
export interface RefusedTable extends Refusals {
  trial: Trial;
  /** What iptables said about the whole table. */
  verdict: Verdict;
}

/** Restores lines of a trial. Returns `null` if they are taken. */
export async function restoreLines(
  trial: Trial,
  lines: readonly TrialLine[],
  rehearsal: Rehearsal,
): Promise<Verdict | null> {
  try {
    await rehearsal.restore(trial.family, renderTrial(trial, lines));
    return null;
  } catch (error) {
    if (!(error instanceof RestoreFailed)) throw error;
    const named = error.fault.lines.flatMap(({ line, reason }) => {
      const known = lineAt(trial, lines, line);
      return known === undefined ? [] : [{ line: known, reason }];
    });
    return { fault: error.fault, named };
  }
}
