import { FAMILIES } from '../../contract/words/identifiers.ts';
import { findConflicts } from '../../ruleset/plan/conflicts.ts';
import { type PlanQuestion, planSteps } from '../../ruleset/plan/plan-table.ts';
import type { TableChange, TablePlan } from '../../ruleset/plan/table-change.ts';
import { ownFinding, quoteLines } from '../outcome/failed-line.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { inTurns } from '../time/in-turns.ts';
import type { Intent } from './intent.ts';
import { concernedTables, type LiveTables } from './snapshot.ts';

/** Plans every table that the intent concerns, in the order in which the tables are written. */
export async function planIntent(
  intent: Intent,
  live: LiveTables,
  how: Pick<PlanQuestion, 'rewrite' | 'hooksStay' | 'stood'> = {},
): Promise<TablePlan[]> {
  const { name, scope, wanted, claims, neighbours } = intent;
  const tables = concernedTables(wanted, claims);
  const plans: TablePlan[] = [];
  for (const family of FAMILIES) {
    for (const table of tables[family]) {
      const question = {
        name,
        scope,
        family,
        table,
        live: live[family].get(table),
        wanted: wanted[family].get(table),
        own: claims,
        neighbours,
        ...how,
      };
      plans.push(await inTurns(planSteps(question)));
    }
  }
  return plans;
}

export function changesOf(plans: readonly TablePlan[]): TableChange[] {
  return plans.flatMap(({ change }) => (change === null ? [] : [change]));
}

/** @throws {JobFailure} `chain_conflict`, if the intent wants something that belongs to another ruleset or to a stranger */
export function assertNoConflicts(intent: Intent, live: LiveTables): void {
  const { scope, wanted, before, adopt, neighbours, texts, label } = intent;
  const conflicts = findConflicts({
    scope,
    wanted,
    live,
    own: before,
    adopt,
    neighbours,
  });
  if (conflicts.length === 0) return;
  const found = conflicts.map(({ chain, ...conflict }) =>
    ownFinding({ ...conflict, chain: chain === '' ? null : chain }),
  );
  const message = `ruleset ${label}: ${conflicts[0]?.reason ?? ''}`;
  throw new JobFailure('host', 'chain_conflict', message, quoteLines(texts, found));
}
