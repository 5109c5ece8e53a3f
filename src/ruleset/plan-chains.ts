import { type ChangeLine, LiveCounters, ruleLine, type Spelling, type TablePlan } from './change.ts';
import type { Neighbour } from './claims.ts';
import { diffLists, type ListDiff, sameList } from './diff.ts';
import { appendText, type Rule, rulesByChain, type Table } from './model.ts';
import { planHooks } from './plan-hooks.ts';
import type { TableRef } from './tables.ts';
import type { WantedTable } from './wanted.ts';

export interface OwnedChains extends TableRef {
  /** The ruleset's name. */
  name: string;
  live: Table;
  wanted: WantedTable;
  /** Chains that are the ruleset's by what was committed, and those that it declares now. */
  owned: ReadonlySet<string>;
  neighbours: readonly Neighbour[];
  spell: Spelling;
}

/**
 * Scope `chains`: an owned chain that differs is written anew, one that is gone is removed, and everything in
 * chains of others is added and deleted by value.
 */
export function planChains(question: OwnedChains): TablePlan {
  const { family, table, live, wanted, owned, spell } = question;
  const liveRules = rulesByChain(live.rules);
  const diffs: ListDiff[] = [];
  const rewritten: ChangeLine[] = [];
  const rules: ChangeLine[] = [];

  for (const [chain, wantedRules] of wanted.chains) {
    const before = liveRules.get(chain) ?? [];
    const plan = compareChain(before, wantedRules, spell);
    diffs.push(plan.diff);
    if (live.chains.has(chain) && plan.same) continue;
    rewritten.push({
      text: `:${chain} - [0:0]`,
      source: wanted.declarations.get(chain) ?? null,
    });
    const counters = new LiveCounters(before);
    for (const rule of wantedRules) rules.push(ruleLine(rule, counters.take(rule, spell(rule))));
  }

  const gone = [...owned].filter((chain) => live.chains.has(chain) && !wanted.chains.has(chain));
  for (const chain of gone) diffs.push(compareChain(liveRules.get(chain) ?? [], [], spell).diff);

  const hooks = planHooks(question);
  diffs.push(hooks.diff);

  const lines: ChangeLine[] = [
    ...rewritten,
    // Declaring a chain that exists empties it: what the others hold of it ends here, so that it can be deleted.
    ...gone.map((chain) => ownLine(`:${chain} - [0:0]`)),
    ...hooks.deletes,
    ...rules,
    ...hooks.adds,
    ...gone.map((chain) => ownLine(`-X ${chain}`)),
  ];
  const change = lines.length === 0 ? null : { family, table, replaces: false, lines };
  return { family, table, diff: sumDiffs(diffs), change };
}

function compareChain(
  before: readonly Rule[],
  wanted: readonly Rule[],
  spell: Spelling,
): { same: boolean; diff: ListDiff } {
  const old = before.map(appendText);
  const spelled = wanted.map(spell);
  return { same: sameList(old, spelled), diff: diffLists(old, spelled) };
}

function ownLine(text: string): ChangeLine {
  return { text, source: null };
}

function sumDiffs(diffs: readonly ListDiff[]): ListDiff {
  return {
    added: diffs.flatMap((diff) => diff.added),
    removed: diffs.flatMap((diff) => diff.removed),
    unchanged: diffs.reduce((sum, diff) => sum + diff.unchanged, 0),
  };
}
