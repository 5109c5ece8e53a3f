import { type Acceptance, acceptanceOf, rulesOf } from '../ruleset/acceptance.ts';
import { renderChange } from '../ruleset/change.ts';
import { ipsetNames } from '../ruleset/ipsets.ts';
import { parseRules } from '../ruleset/parse.ts';
import { readTrial, type Trial, type TrialLine, trialChange } from '../ruleset/trial.ts';
import type { WantedTable } from '../ruleset/wanted-table.ts';
import { JobFailure } from './failure.ts';
import { findRefused, type Refusal, type Verdict } from './find-refused.ts';
import { type Rehearsal, type RehearsalStage, RestoreFailed } from './ports.ts';
import type { RestoreFault } from './restore-fault.ts';

/** A table that the kernel did not take. */
export interface RefusedTable {
  trial: Trial;
  table: WantedTable;
  /** What was said of all of it. */
  verdict: Verdict;
  /** The failing lines, shown; empty if it is no line's fault. */
  refusals: Refusal[];
}

/**
 * Tries one table, and if it is refused, finds out by which lines. If it is taken, that is known before the kernel's spelling
 * of it has been read.
 */
export async function tryTable(
  trial: Trial,
  table: WantedTable,
  known: readonly Acceptance[],
  stage: RehearsalStage,
): Promise<{ accepted: Promise<Acceptance> } | { refused: RefusedTable }> {
  const sets = await stage.readSets(ipsetNames(rulesOf(table)));
  let tell: (verdict: Verdict | null) => void = () => {};
  const told = new Promise<Verdict | null>((resolve) => {
    tell = resolve;
  });
  const reading = stage.within(sets, async (rehearsal) => {
    const tried = await restore(trial, trial.lines, rehearsal);
    tell(tried);
    return tried === null ? await rehearsal.save(trial.family, trial.table) : '';
  });
  const verdict = await Promise.race([told, reading.then(() => told)]);
  if (verdict === null)
    return { accepted: reading.then((saved) => readAcceptance(saved, trial, table, known)) };
  await reading;
  const attempt = (lines: readonly TrialLine[]) =>
    stage.within(sets, (rehearsal) => restore(trial, lines, rehearsal));
  const refusals = mayBeARule(verdict.fault) ? await findRefused(trial.lines, verdict, attempt) : [];
  return { refused: { trial, table, verdict, refusals } };
}

function readAcceptance(
  saved: string,
  trial: Trial,
  table: WantedTable,
  known: readonly Acceptance[],
): Acceptance {
  const spelling = readTrial(trial, parseRules(saved).tables.get(trial.table));
  if (spelling === null) throw madeOtherwise(trial);
  return acceptanceOf(table, spelling, known);
}

async function restore(
  trial: Trial,
  lines: readonly TrialLine[],
  rehearsal: Rehearsal,
): Promise<Verdict | null> {
  try {
    await rehearsal.restore(trial.family, renderChange(trialChange(trial, lines)));
    return null;
  } catch (error) {
    if (!(error instanceof RestoreFailed)) throw error;
    const offset = trial.before.length + 2;
    const named = error.fault.lines.flatMap(({ line, reason }) => {
      const known = lines[line - offset];
      return known === undefined ? [] : [{ line: known, reason }];
    });
    return { fault: error.fault, named };
  }
}

/** Faults that are the host's wherever they show; of all others, whether a line is to blame has to be tried. */
function mayBeARule({ kind }: RestoreFault): boolean {
  return kind === 'rule' || kind === 'commit' || kind === 'unknown' || kind === 'killed';
}

function madeOtherwise({ family, table }: Trial): JobFailure {
  return new JobFailure(
    'rehearse',
    'apply_failed',
    `in a rehearsal the kernel made other rules of the ${family} table ${table} than it has lines: please report the ruleset`,
  );
}
