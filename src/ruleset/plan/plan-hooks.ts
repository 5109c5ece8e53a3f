import type { Steps } from '../../steps.ts';
import { appendAll } from '../append-all.ts';
import { jumpsToAny, type Rule, type Table, textOf } from '../model.ts';
import type { ChainRef, TableRef } from '../tables.ts';
import type { Hook, WantedTable } from '../wanted/wanted-table.ts';
import type { Neighbour } from './claims.ts';
import { type ListDiff, sameList, subtract } from './diff.ts';
import { type ChangeLine, LiveCounters } from './table-change.ts';

interface HookQuestion extends TableRef {
  /** The ruleset's name. */
  name: string;
  live: Table;
  wanted: WantedTable;
  owned: ReadonlySet<string>;
  neighbours: readonly Neighbour[];
  hooksStay: boolean;
}

interface HookPlan {
  deletes: ChangeLine[];
  adds: ChangeLine[];
  diff: ListDiff & { moved: string[] };
}

/**
 * Plans the hooks, which stand in chains of others. A live rule is a hook of the ruleset if it jumps to an owned chain. A hook
 * that is not wanted is deleted by value. An appended hook may stand anywhere. An inserted hook must stand before all other
 * rules, except for the inserted hooks of rulesets whose names sort before this one's.
 *
 * @param live the live rules of each chain
 */
export function* planHooks(question: HookQuestion, live: ReadonlyMap<string, Rule[]>): Steps<HookPlan> {
  const { wanted, owned } = question;
  const liveByChain = new Map([...live].filter(([chain]) => !owned.has(chain)));
  const wantedByChain = new Map<string, Hook[]>();
  for (const hook of wanted.hooks) {
    const known = wantedByChain.get(hook.rule.chain);
    if (known === undefined) wantedByChain.set(hook.rule.chain, [hook]);
    else known.push(hook);
  }
  const plan: HookPlan = {
    deletes: [],
    adds: [],
    diff: { added: [], removed: [], unchanged: 0, moved: [] },
  };
  for (const chain of new Set([...liveByChain.keys(), ...wantedByChain.keys()])) {
    yield* planHookChain(question, liveByChain.get(chain) ?? [], wantedByChain.get(chain) ?? [], plan);
  }
  return plan;
}

function* planHookChain(
  question: HookQuestion,
  liveRules: Rule[],
  wanted: Hook[],
  plan: HookPlan,
): Steps<void> {
  const { owned, hooksStay } = question;
  const ours = liveRules.filter((rule) => jumpsToAny(rule, owned));
  yield;
  // Most chains of others have nothing of the ruleset, however long they are.
  if (ours.length === 0 && wanted.length === 0) return;
  const counters = yield* LiveCounters.steps(liveRules);
  const oldTexts = ours.map(textOf);
  const wantedTexts = wanted.map(({ rule }) => rule.text);
  const missing = subtract(wantedTexts, oldTexts);
  const surplus = subtract(oldTexts, wantedTexts);

  const changes = { deletes: plan.deletes.length, adds: plan.adds.length };
  const length = () =>
    liveRules.length - (plan.deletes.length - changes.deletes) + (plan.adds.length - changes.adds);
  const add = (rule: Rule, command: string) => {
    const had = counters.take(rule);
    const text = `${command} ${rule.spec}`;
    plan.adds.push({
      text: had === null ? text : `[${had}] ${text}`,
      source: rule.line,
    });
  };
  appendAll(plan.diff.added, missing);
  appendAll(plan.diff.removed, surplus);
  plan.diff.unchanged += wantedTexts.length - missing.length;
  appendAll(plan.deletes, surplus.map(deleteLine));

  // The rule that is inserted last stands first, as in iptables itself.
  const first = wanted.filter((hook) => hook.position === 'first').toReversed();
  const head = headOf(question, liveRules, first);
  const firstTexts = first.map(({ rule }) => rule.text);
  const rest = wanted.filter((hook) => hook.position !== 'first');
  const restTexts = rest.map(({ rule }) => rule.text);
  const isMissing = new Set(missing);
  const stays = head.stands || (hooksStay && !firstTexts.some((text) => isMissing.has(text)));
  if (!stays) {
    const movable = inBoth(firstTexts, subtract(oldTexts, restTexts));
    appendAll(plan.diff.moved, movable);
    appendAll(plan.diff.added, movable);
    appendAll(plan.diff.removed, movable);
    plan.diff.unchanged -= movable.length;
    appendAll(plan.deletes, movable.map(deleteLine));
    appendAll(
      plan.deletes,
      head.before.map((rule) => deleteLine(rule.text)),
    );
    for (const { rule } of first.toReversed()) add(rule, `-I ${rule.chain}`);
    for (const rule of head.before.toReversed()) add({ ...rule, line: 0 }, `-I ${rule.chain}`);
  }
  // The same rule may be wanted both at the head and anywhere. A live copy counts for only one of the two.
  const left = countsOf(subtract(restTexts, stays ? subtract(oldTexts, firstTexts) : oldTexts));
  for (const { rule, position } of rest) {
    const count = left.get(rule.text) ?? 0;
    if (count === 0) continue;
    left.set(rule.text, count - 1);
    // If others have deleted rules meanwhile, the old position may be beyond the end of the chain.
    const isPosition = typeof position === 'number' && position <= length();
    add(rule, isPosition ? `-I ${rule.chain} ${position}` : `-A ${rule.chain}`);
  }
}

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** Returns what both lists have, as often as both have it. */
function inBoth(list: readonly string[], other: readonly string[]): string[] {
  return subtract(list, subtract(list, other));
}

/** Says whether the inserted hooks stand at the head, and returns the inserted hooks of others that belong before them. */
function headOf(
  { family, table, name, neighbours }: HookQuestion,
  liveRules: Rule[],
  first: Hook[],
): { stands: boolean; before: Rule[] } {
  const chain = first[0]?.rule.chain;
  if (chain === undefined) return { stands: true, before: [] };
  const ref = { family, table, chain };
  const isBefore = hooksOf(
    neighbours.filter((neighbour) => neighbour.name < name),
    ref,
  );
  const before = liveRules.filter(isBefore);
  const texts = first.map(({ rule }) => rule.text);
  const at = liveRules.findIndex((rule) => rule.text === texts[0]);
  const stands =
    at !== -1 &&
    sameList(liveRules.slice(at, at + texts.length).map(textOf), texts) &&
    liveRules.slice(0, at).every(isBefore);
  return { stands, before };
}

/** Says whether a rule is an inserted hook of one of the rulesets. Their appended hooks do not count: they may stand anywhere. */
function hooksOf(
  neighbours: readonly Neighbour[],
  { family, table, chain }: ChainRef,
): (rule: Rule) => boolean {
  const hooks = neighbours.flatMap(({ claims }) =>
    claims.hooks.filter(
      (hook) => hook.first && hook.family === family && hook.table === table && hook.chain === chain,
    ),
  );
  const texts = new Set(hooks.flatMap(({ text }) => text ?? []));
  const targets = new Set(hooks.flatMap(({ text, target }) => (text === undefined ? target : [])));
  return (rule) => texts.has(rule.text) || jumpsToAny(rule, targets);
}

function deleteLine(text: string): ChangeLine {
  return { text: text.replace(/^-A/, '-D'), source: null };
}
