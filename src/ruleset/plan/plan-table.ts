import type { Scope } from '../../contract/words/identifiers.ts';
import { finish, type Steps } from '../../steps.ts';
import { emptyTable, type Table } from '../model.ts';
import type { TableRef } from '../tables.ts';
import { emptyWanted, type WantedTable } from '../wanted/wanted-table.ts';
import { type AppendedHook, type Claims, claimedChains, claimsTable, type Neighbour } from './claims.ts';
import { planChains } from './plan-chains.ts';
import { planWholeTable } from './plan-whole-table.ts';
import type { TablePlan } from './table-change.ts';

export interface PlanQuestion extends TableRef {
  /** The ruleset's name. */
  name: string;
  scope: Scope;
  /** `undefined`: the table does not exist. */
  live: Table | undefined;
  /** `undefined`: whatever the ruleset has in this table is to be removed. */
  wanted: WantedTable | undefined;
  /** What the ruleset already holds. */
  own: Claims;
  neighbours: readonly Neighbour[];
  /**
   * Write each chain that differs anew as a whole, even for one rule. Edits by value may fail where writing the chain does not.
   */
  rewrite?: boolean;
  /** Leave an inserted hook where it is if it is there: others may put rules before it. */
  hooksStay?: boolean;
  /** Where its appended hooks stood: one that is missing comes before those of others that came later. Without it, all come last. */
  stood?: readonly AppendedHook[];
}

/** Compares what a ruleset wants with what is live in one table. The plan touches nothing that belongs to others. */
export function* planSteps(question: PlanQuestion): Steps<TablePlan> {
  const { family, table, own } = question;
  const live = question.live ?? emptyTable(table);
  const wanted = question.wanted ?? emptyWanted(table);
  if (question.scope === 'tables') {
    const owned = question.wanted !== undefined || claimsTable(own, question);
    return owned ? yield* planWholeTable({ family, table, live, wanted }) : unowned({ family, table });
  }
  const owned = new Set([...claimedChains(own, question), ...wanted.chains.keys()]);
  const { rewrite = false, hooksStay = false, stood = [] } = question;
  return yield* planChains({ ...question, live, wanted, owned, rewrite, hooksStay, stood });
}

/** As {@link planSteps}, in one go. */
export function planTable(question: PlanQuestion): TablePlan {
  return finish(planSteps(question));
}

function unowned(ref: TableRef): TablePlan {
  return {
    ...ref,
    diff: { added: [], removed: [], unchanged: 0 },
    change: null,
  };
}
