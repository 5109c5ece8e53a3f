import { LINES_A_STEP, type Steps } from '../../steps.ts';
import { appendAll } from '../append-all.ts';
import { type Rule, rulesByChain, type Table } from '../model.ts';
import { builtInChains, type TableRef } from '../tables.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { diffSteps } from './diff.ts';
import { type ChangeLine, ruleLines, type TablePlan } from './table-change.ts';

interface WholeTable extends TableRef {
  live: Table;
  wanted: WantedTable;
}

/** Plans a table in scope `tables`. If anything differs, the whole table is written; rules that stay keep their counters. */
export function* planWholeTable({ family, table, live, wanted }: WholeTable): Steps<TablePlan> {
  const liveRules = rulesByChain(live.rules);
  yield;
  const builtIn = builtInChains(table);
  const policies = new Map(builtIn.map((chain) => [chain, wanted.policies.get(chain) ?? 'ACCEPT']));
  const livePolicy = (chain: string) => live.chains.get(chain)?.policy ?? 'ACCEPT';
  const before = builtIn.map((chain) => `-P ${chain} ${livePolicy(chain)}`);
  for (const chain of inChainOrder(live.chains.keys(), builtIn))
    appendAll(before, yield* textsOf(liveRules.get(chain) ?? []));
  const after = builtIn.map((chain) => `-P ${chain} ${policies.get(chain)}`);
  for (const chain of inChainOrder(wanted.chains.keys(), builtIn))
    appendAll(after, yield* textsOf(wanted.chains.get(chain) ?? []));
  const diff = yield* diffSteps(before, after);
  const userChains = (chains: Iterable<string>) =>
    [...chains].filter((chain) => !builtIn.includes(chain)).toSorted();
  const chainsDiffer =
    userChains(live.chains.keys()).join(' ') !== userChains(wanted.chains.keys()).join(' ');
  // A policy is no rule, so unchanged policies are not counted.
  diff.unchanged -= builtIn.length - diff.added.filter((text) => text.startsWith('-P ')).length;
  if (diff.added.length === 0 && diff.removed.length === 0 && !chainsDiffer) {
    return { family, table, diff, change: null };
  }
  const lines: ChangeLine[] = [
    ...builtIn.map((chain) => policyLine(chain, policies.get(chain) ?? 'ACCEPT', live, wanted)),
    ...userChains(wanted.chains.keys()).map((chain) => ({
      text: `:${chain} - [0:0]`,
      source: wanted.declarations.get(chain) ?? null,
    })),
  ];
  for (const [chain, rules] of wanted.chains)
    appendAll(lines, yield* ruleLines(rules, liveRules.get(chain) ?? []));
  return {
    family,
    table,
    diff,
    change: { family, table, replaces: true, lines },
  };
}

function* textsOf(rules: readonly Rule[]): Steps<string[]> {
  const texts: string[] = [];
  for (const [index, { text }] of rules.entries()) {
    if (index % LINES_A_STEP === 0) yield;
    texts.push(text);
  }
  return texts;
}

function policyLine(chain: string, policy: string, live: Table, wanted: WantedTable): ChangeLine {
  const before = live.chains.get(chain);
  const isSame = before?.policy === policy;
  const counters = (isSame ? before.counters : wanted.policyCounters?.get(chain)) ?? '0:0';
  return {
    text: `:${chain} ${policy} [${counters}]`,
    source: wanted.declarations.get(chain) ?? null,
  };
}

/** Sorts chains: built-in ones first, the others by name. The order of their declarations has no meaning. */
function inChainOrder(chains: Iterable<string>, builtIn: readonly string[]): string[] {
  const userDefined = [...chains].filter((chain) => !builtIn.includes(chain));
  return [...builtIn, ...userDefined.toSorted()];
}
