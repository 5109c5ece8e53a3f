import type { TableChange } from '../../ruleset/plan/table-change.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { namesOf } from '../outcome/naming.ts';
import type { Intent } from '../plan/intent.ts';
import { changesOf } from '../plan/plan-intent.ts';
import { concernOf, takeSnapshot } from '../plan/snapshot.ts';
import type { HostSession } from '../ports/session.ts';
import { turnOfOthers } from '../time/in-turns.ts';
import { applyChanges } from './apply-changes.ts';
import { mismatchFailure, planRemainder } from './verify-changes.ts';

/** The first round, and three more. */
const MOST_ROUNDS = 4;

/** How far a change came. What was written so far stays. */
export interface Converged {
  /** The changes of each table that may have been written. */
  touched: readonly TableChange[];
  /**
   * Why the change did not succeed, usually a {@link JobFailure} of stage `apply` or `verify`. `null`: what is live is what is
   * wanted.
   */
  error: unknown;
}

/**
 * Writes what is planned, reads what is live then, and plans again: that plan must be empty. If it is not, or a table was
 * refused, another program may have written to the same chains meanwhile. Then the new plan is written, for at most four rounds.
 */
export async function converge(
  intent: Intent,
  planned: readonly TableChange[],
  session: HostSession,
): Promise<Converged> {
  let touched: readonly TableChange[] = [];
  let changes = planned;
  for (let round = 1; changes.length > 0; round += 1) {
    const applied = await session.watch.time('applyMs', () => applyChanges(intent, changes, session.rules));
    touched = [...touched, ...applied.tried];
    if (applied.error !== null && !mayBeTakenAgain(applied.error)) return { touched, error: applied.error };
    try {
      changes = await changesLeft(intent, changes, applied.error, round === MOST_ROUNDS, session);
    } catch (error) {
      return { touched, error };
    }
    if (changes.length > 0)
      session.ports.log.info({ ...namesOf(intent), round }, 'Others write to the same chains: planned again');
  }
  return { touched, error: null };
}

/** Says whether a new plan may help. That is so only for a table that was refused. */
function mayBeTakenAgain(error: unknown): boolean {
  return error instanceof JobFailure && error.stage === 'apply' && error.code === 'apply_failed';
}

/**
 * Returns the changes that are still to be written.
 *
 * @throws the refusal, or {@link JobFailure} `verify_mismatch`, if another round would not help
 */
async function changesLeft(
  intent: Intent,
  written: readonly TableChange[],
  refusal: unknown,
  isLast: boolean,
  { rules, watch }: HostSession,
): Promise<TableChange[]> {
  const live = await watch.time('verifyMs', () => takeSnapshot(rules, concernOf(intent)));
  await turnOfOthers();
  const remainder = await planRemainder(intent, live);
  const left = changesOf(remainder);
  if (refusal !== null && (isLast || sameChanges(written, left))) throw refusal;
  if (isLast && left.length > 0) throw mismatchFailure(intent, remainder);
  return left;
}

/** Says whether both are the same changes, apart from packet counters. */
function sameChanges(before: readonly TableChange[], after: readonly TableChange[]): boolean {
  const textOf = (changes: readonly TableChange[]) =>
    JSON.stringify(
      changes.map(({ family, table, lines }) => [
        family,
        table,
        lines.map(({ text }) => text.replace(/^\[\d+:\d+\] /, '')),
      ]),
    );
  return textOf(before) === textOf(after);
}
