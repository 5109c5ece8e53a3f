import type { TableChange } from '../../ruleset/plan/table-change.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { Stopwatch } from '../outcome/stopwatch.ts';
import type { Intent } from '../plan/intent.ts';
import { changesOf } from '../plan/plan-intent.ts';
import { concernOf, takeSnapshot } from '../plan/snapshot.ts';
import type { Fence } from '../ports/host-lock.ts';
import type { Ports } from '../ports/ports.ts';
import { applyChanges } from './apply-changes.ts';
import { mismatchFailure, planRemainder } from './verify-changes.ts';

/** The first, and three more. */
const MOST_ROUNDS = 4;

/**
 * Applies what is planned, reads what is live then, and plans again: nothing may be left. If something is, or a table was
 * refused, another program may have written to our chains at the same time, and it is done again with what is live now.
 *
 * @param attempted gets every change before it is tried
 * @throws {JobFailure} of stage `apply` or `verify`; what was written by then stays
 */
export async function converge(
  intent: Intent,
  planned: readonly TableChange[],
  { firewall, log }: Ports,
  fence: Fence,
  watch: Stopwatch,
  attempted: TableChange[],
): Promise<void> {
  const concern = concernOf(intent);
  let changes = planned;
  for (let round = 1; changes.length > 0; round += 1) {
    const now = changes;
    const refusal = await watch.time('applyMs', () =>
      refusalOf(() => applyChanges(intent, now, firewall, fence, attempted)),
    );
    const live = await watch.time('verifyMs', () => takeSnapshot(firewall, fence, concern));
    const remainder = planRemainder(intent, live);
    changes = changesOf(remainder);
    if (refusal !== null && (round === MOST_ROUNDS || sameChanges(now, changes))) throw refusal;
    if (round === MOST_ROUNDS && changes.length > 0) throw mismatchFailure(intent, remainder);
    if (changes.length > 0)
      log.info({ ruleset: intent.label, round }, 'Others write to the same chains: planned again');
  }
}

/** A table that was refused may be taken when it is planned again; for all else there is no sense in that. */
async function refusalOf(work: () => Promise<void>): Promise<JobFailure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof JobFailure && error.stage === 'apply' && error.code === 'apply_failed') return error;
    throw error;
  }
}

/** Whether the same would be tried again, were it not for packets that were counted meanwhile. */
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
