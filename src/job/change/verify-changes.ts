import type { TablePlan } from '../../ruleset/plan/table-change.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { Intent } from '../plan/intent.ts';
import { planIntent } from '../plan/plan-intent.ts';
import type { LiveTables } from '../plan/snapshot.ts';

/**
 * Plans what is still to be done after an apply. The plan is empty unless another program has written at the same time. Rules
 * that others have put before a hook do not count: they may do that.
 */
export async function planRemainder(intent: Intent, live: LiveTables): Promise<TablePlan[]> {
  const how = { rewrite: true, hooksStay: true };
  return (await planIntent(intent, live, how)).filter(({ change }) => change !== null);
}

/** Returns the failure of a change that was written again and again and did not stay. */
export function mismatchFailure({ label }: Intent, remainder: readonly TablePlan[]): JobFailure {
  const [first] = remainder;
  const [missing] = first?.diff.added ?? [];
  const [surplus] = first?.diff.removed ?? [];
  const what =
    missing !== undefined
      ? `"${missing}" is not in its place`
      : surplus !== undefined
        ? `"${surplus}" is still there`
        : 'its chains are not those that were written';
  const place = `${first?.family} table ${first?.table}`;
  return new JobFailure(
    'verify',
    'verify_mismatch',
    `ruleset ${label} was written, but what is live is not it (${place}: ${what}): another program writes to the same chains`,
  );
}
