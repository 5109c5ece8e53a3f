import { type Acceptance, acceptanceOf, rulesOf, spellTable } from '../../ruleset/trial/acceptance.ts';
import type { Trial, TrialLine } from '../../ruleset/trial/trial.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import { mayBeTheText } from '../ports/restore-fault.ts';
import type { Rehearsal } from '../ports/sandbox.ts';
import { turnOfOthers } from '../time/in-turns.ts';
import { checkFaithful } from './check-faithful.ts';
import { checkMade, type Made } from './check-made.ts';
import { findRefused } from './find-refused.ts';
import { blameLines, type RefusedTable, restoreLines } from './restore-lines.ts';
import type { Refusals } from './verdict.ts';

/** A table that the kernel took. */
export interface AcceptedTable {
  /** `null` if the table was written as commands. Such a table is rehearsed each time. */
  acceptance: Acceptance | null;
  /** What the table is to have, in the kernel's spelling. */
  spelled: WantedTable;
}

/**
 * Tries one table, and finds its failing lines. Three things are checked, one after the other: the kernel takes the lines; it
 * made of each line the rules that the line says, and nothing else; and what is saved of the rules restores to the same rules.
 */
export async function tryTable(
  trial: Trial,
  rehearsal: Rehearsal,
): Promise<AcceptedTable | { refused: RefusedTable }> {
  const { lines } = trial;
  await turnOfOthers();
  const restore = async (some: readonly TrialLine[]) => await blameLines(trial, some, rehearsal);
  const verdict = await restoreLines(trial, lines, rehearsal);
  if (verdict !== null) {
    const found = mayBeTheText(verdict.fault) ? await findRefused(lines, verdict, restore) : NONE;
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
  const accepted = await acceptedTable(trial, made);
  await turnOfOthers();
  const unfaithful = await checkFaithful(trial, accepted.spelled, made, rehearsal);
  return unfaithful === null ? accepted : { refused: unfaithful };
}

async function acceptedTable({ wanted, spellings: known }: Trial, made: Made): Promise<AcceptedTable> {
  if (made.script !== null) return { acceptance: null, spelled: made.script };
  await turnOfOthers();
  const spellings = rulesOf(wanted).map(({ text }, index) => made.spelled.get(text) ?? known[index]);
  await turnOfOthers();
  const acceptance = acceptanceOf(wanted, spellings);
  await turnOfOthers();
  return { acceptance, spelled: spellTable(wanted, spellings) };
}

const NONE: Refusals = { refusals: [], isAll: true };
