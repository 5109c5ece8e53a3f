import type { Diff } from '../contract/event.ts';
import type { TablePlan } from '../ruleset/change.ts';

/** The plans of all tables as one diff. */
export function describeDiff(plans: readonly TablePlan[]): Diff {
  const sum = (count: (plan: TablePlan) => number) => plans.reduce((total, plan) => total + count(plan), 0);
  return {
    added: sum(({ diff }) => diff.added.length),
    removed: sum(({ diff }) => diff.removed.length),
    unchanged: sum(({ diff }) => diff.unchanged),
    tables: plans
      .filter(({ diff }) => diff.added.length + diff.removed.length > 0)
      .map(({ family, table, diff: { added, removed } }) => ({
        family,
        table,
        added,
        removed,
        truncated: false,
      })),
  };
}
