import { type Acceptance, acceptanceOf, spellTable } from '../../ruleset/trial/acceptance.ts';
import type { Trial, TrialLine } from '../../ruleset/trial/trial.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import type { RestoreFault } from '../ports/restore-fault.ts';
import type { Rehearsal } from '../ports/sandbox.ts';
import { checkFaithful } from './check-faithful.ts';
import { checkMade, type Made } from './check-made.ts';
import { findRefused } from './find-refused.ts';
import { type RefusedTable, restoreLines } from './restore-lines.ts';
import type { Refusals } from './verdict.ts';

/** A table that the kernel took. */
export interface AcceptedTable {
  /** `null`: it was written as commands, and is tried anew each time. */
  acceptance: Acceptance | null;
  /** What it is to have, in the kernel's words. */
  spelled: WantedTable;
}

/**
 * Tries one table, and finds out by which lines it cannot be taken. Three things are asked of it, each only of what has passed
 * the one before: that the kernel takes it; that it has made of each line the rules that it says, and nothing else; and that
 * what is saved of them restores to the very same.
 */
export async function tryTable(
  trial: Trial,
  known: readonly Acceptance[],
  rehearsal: Rehearsal,
): Promise<AcceptedTable | { refused: RefusedTable }> {
  const { lines } = trial;
  const restore = async (some: readonly TrialLine[]) => await restoreLines(trial, some, rehearsal);
  const verdict = await restore(lines);
  if (verdict !== null) {
    const found = mayBeARule(verdict.fault) ? await findRefused(lines, verdict, restore) : NONE;
    return { refused: { trial, verdict, ...found } };
  }
  const made = await checkMade(trial, lines, rehearsal);
  if ('fault' in made) {
    const found = await findRefused(lines, made, async (some) => {
      const refused = await restore(some);
      if (refused !== null) return refused;
      const again = await checkMade(trial, some, rehearsal);
      return 'fault' in again ? again : null;
    });
    return { refused: { trial, verdict: made, ...found } };
  }
  const accepted = acceptedTable(trial, made, known);
  const unfaithful = await checkFaithful(trial, accepted.spelled, made, rehearsal);
  return unfaithful === null ? accepted : { refused: unfaithful };
}

function acceptedTable({ wanted }: Trial, made: Made, known: readonly Acceptance[]): AcceptedTable {
  if (made.script !== null) return { acceptance: null, spelled: made.script };
  const acceptance = acceptanceOf(wanted, (rule) => made.spelled.get(rule.text), known);
  return { acceptance, spelled: spellTable(wanted, acceptance) };
}

const NONE: Refusals = { refusals: [], isAll: true };

/** Faults that are the host's wherever they show; of all others, whether a line is to blame has to be tried. */
function mayBeARule({ kind }: RestoreFault): boolean {
  return kind === 'rule' || kind === 'commit' || kind === 'unknown' || kind === 'killed';
}
