import type { Diff, TableDiff } from '../../contract/events/event.ts';
import type { TablePlan } from '../../ruleset/plan/table-change.ts';
import { fromBytes } from '../../ruleset/text/bytes.ts';

/** Puts the differences of all plans into one diff. */
export function describeDiff(plans: readonly TablePlan[]): Diff {
  const sum = (count: (plan: TablePlan) => number) => plans.reduce((total, plan) => total + count(plan), 0);
  const shown = new ShownTexts();
  const tables = plans
    .filter(({ diff }) => diff.added.length + diff.removed.length > 0)
    .map((plan) => shown.tableDiff(plan));
  return {
    added: sum(({ diff }) => diff.added.length),
    removed: sum(({ diff }) => diff.removed.length),
    unchanged: sum(({ diff }) => diff.unchanged),
    tables,
    ...(shown.escaped ? { escaped: true } : {}),
  };
}

/** Turns rules (bytes) into text that people can read, and notes whether a byte had to be escaped. */
class ShownTexts {
  escaped = false;

  tableDiff({ family, table, diff: { added, removed, moved = [] } }: TablePlan): TableDiff {
    return {
      family,
      table,
      added: this.#show(added),
      removed: this.#show(removed),
      ...(moved.length === 0 ? {} : { moved: this.#show(moved) }),
      truncated: false,
    };
  }

  #show(rules: readonly string[]): string[] {
    return rules.map((rule) => {
      const { text, escaped } = fromBytes(rule);
      this.escaped ||= escaped;
      return text;
    });
  }
}
