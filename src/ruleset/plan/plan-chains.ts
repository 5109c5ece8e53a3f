import type { Steps } from '../../steps.ts';
import { appendAll } from '../append-all.ts';
import { type Rule, rulesByChain, type Table, textOf } from '../model.ts';
import type { TableRef } from '../tables.ts';
import { quoteWord } from '../text/split-words.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import type { AppendedHook, Neighbour } from './claims.ts';
import { diffSteps, type ListDiff } from './diff.ts';
import { editChain, isWorthEditing } from './edit-chain.ts';
import { planHooks } from './plan-hooks.ts';
import { type ChangeLine, ruleLines, type TablePlan } from './table-change.ts';

export interface OwnedChains extends TableRef {
  /** The ruleset's name. */
  name: string;
  live: Table;
  wanted: WantedTable;
  /** The chains that the ruleset holds by its claims, and those that it declares now. */
  owned: ReadonlySet<string>;
  neighbours: readonly Neighbour[];
  /** Whether each chain that differs is written anew as a whole. */
  rewrite: boolean;
  hooksStay: boolean;
  stood: readonly AppendedHook[];
}

/**
 * Plans one table in scope `chains`. An owned chain that differs is edited or written anew, and one that is no longer wanted is
 * deleted. In chains of others, hooks are added and deleted by value.
 */
export function* planChains(question: OwnedChains): Steps<TablePlan> {
  const { family, table, live, wanted, owned, rewrite } = question;
  const liveRules = rulesByChain(live.rules);
  const diffs: ListDiff[] = [];
  const rewritten: ChangeLine[] = [];
  const edited: ChangeLine[] = [];
  const rules: ChangeLine[] = [];

  for (const [chain, wantedRules] of wanted.chains) {
    const before = liveRules.get(chain) ?? [];
    const isThere = live.chains.has(chain);
    if (isThere && sameRules(before, wantedRules)) {
      diffs.push({ added: [], removed: [], unchanged: wantedRules.length });
      continue;
    }
    const old = before.map(textOf);
    const diff = yield* diffSteps(old, wantedRules.map(textOf));
    diffs.push(diff);
    const mayEdit = isThere && !rewrite && isWorthEditing(old, diff);
    const edits = mayEdit ? editChain(old, wantedRules) : null;
    if (edits !== null) {
      appendAll(edited, edits);
      continue;
    }
    rewritten.push({ text: `:${chain} - [0:0]`, source: wanted.declarations.get(chain) ?? null });
    appendAll(rules, yield* ruleLines(wantedRules, before));
  }

  const gone = [...owned].filter((chain) => live.chains.has(chain) && !wanted.chains.has(chain));
  for (const chain of gone) diffs.push(yield* diffSteps((liveRules.get(chain) ?? []).map(textOf), []));

  const hooks = yield* planHooks(question, liveRules);
  diffs.push(hooks.diff);

  const lines: ChangeLine[] = [
    ...rewritten,
    // Declaring an existing chain empties it. So its jumps to other chains are gone, and those chains can be deleted, too.
    ...gone.map((chain) => ownLine(`:${chain} - [0:0]`)),
    ...hooks.deletes,
    ...edited,
    ...rules,
    ...hooks.adds,
    ...gone.map((chain) => ownLine(`-X ${quoteWord(chain)}`)),
  ];
  const change = lines.length === 0 ? null : { family, table, replaces: false, lines };
  return { family, table, diff: { ...sumDiffs(diffs), moved: hooks.diff.moved }, change };
}

function sameRules(live: readonly Rule[], wanted: readonly Rule[]): boolean {
  return live.length === wanted.length && live.every(({ text }, index) => text === wanted[index]?.text);
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
