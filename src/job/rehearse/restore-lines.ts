import { lineAt, renderTrial, type Trial, type TrialLine } from '../../ruleset/trial/trial.ts';
import { RestoreFailed } from '../ports/firewall.ts';
import { mayBeTheText, type RestoreFault } from '../ports/restore-fault.ts';
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
  const text = renderTrial(trial, lines);
  // A rule that makes the program crash does it again; a program that was killed from outside is not.
  const once = await faultIn(trial, text, rehearsal);
  const fault = once?.kind === 'killed' ? await faultIn(trial, text, rehearsal) : once;
  if (fault === null) return null;
  const named = fault.lines.flatMap(({ line, reason }) => {
    const known = lineAt(trial, lines, line);
    return known === undefined ? [] : [{ line: known, reason }];
  });
  return { fault, named };
}

/**
 * As {@link restoreLines}, in a search for lines: what is not the text's fault blames no line.
 *
 * @throws {RestoreFailed}
 */
export async function blameLines(
  trial: Trial,
  lines: readonly TrialLine[],
  rehearsal: Rehearsal,
): Promise<Verdict | null> {
  const verdict = await restoreLines(trial, lines, rehearsal);
  if (verdict !== null && !mayBeTheText(verdict.fault)) throw new RestoreFailed(verdict.fault);
  return verdict;
}

async function faultIn({ family }: Trial, text: string, rehearsal: Rehearsal): Promise<RestoreFault | null> {
  try {
    await rehearsal.restore(family, text);
    return null;
  } catch (error) {
    if (!(error instanceof RestoreFailed)) throw error;
    return error.fault;
  }
}
