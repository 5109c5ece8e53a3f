import type { Steps } from '../../steps.ts';
import { appendAll } from '../append-all.ts';
import { jumpsToAny, type Rule, type Table, textOf } from '../model.ts';
import type { TableRef } from '../tables.ts';
import type { Hook, WantedTable } from '../wanted/wanted-table.ts';
import type { AppendedHook, Neighbour } from './claims.ts';
import { type ListDiff, subtract } from './diff.ts';
import { headOf, hooksOf } from './head-of-chain.ts';
import { placesOfHooks } from './put-back-hooks.ts';
import { type ChangeLine, LiveCounters } from './table-change.ts';

interface HookQuestion extends TableRef {
  /** The ruleset's name. */
  name: string;
  live: Table;
  wanted: WantedTable;
  owned: ReadonlySet<string>;
  neighbours: readonly Neighbour[];
  hooksStay: boolean;
  stood: readonly AppendedHook[];
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
  const { owned } = question;
  const ours = liveRules.filter((rule) => jumpsToAny(rule, owned));
  yield;
  // Most chains of others have nothing of the ruleset, however long they are.
  if (ours.length === 0 && wanted.length === 0) return;
  const oldTexts = ours.map(textOf);
  const wantedTexts = wanted.map(({ rule }) => rule.text);
  const missing = subtract(wantedTexts, oldTexts);
  const surplus = subtract(oldTexts, wantedTexts);
  appendAll(plan.diff.added, missing);
  appendAll(plan.diff.removed, surplus);
  plan.diff.unchanged += wantedTexts.length - missing.length;
  appendAll(plan.deletes, surplus.map(deleteLine));

  const counters = yield* LiveCounters.steps(liveRules);
  const add = (rule: Rule, command: string) => {
    const had = counters.take(rule);
    const text = `${command} ${rule.spec}`;
    plan.adds.push({
      text: had === null ? text : `[${had}] ${text}`,
      source: rule.line,
    });
  };
  const chain = { live: withoutFirst(liveRules, surplus), oldTexts, missing, surplus, add };
  if (question.wanted.around === undefined) planPlaces(question, chain, wanted, plan);
  else putBack(question, chain, wanted, plan);
}

interface HookedChain {
  /** What is live once the hooks that are not wanted have been deleted. */
  live: Rule[];
  oldTexts: readonly string[];
  missing: readonly string[];
  surplus: readonly string[];
  add: (rule: Rule, command: string) => void;
}

/** Plans the hooks as they are wanted: those that are inserted at the head, the others anywhere. */
function planPlaces(
  question: HookQuestion,
  { live, oldTexts, missing, surplus, add }: HookedChain,
  wanted: Hook[],
  plan: HookPlan,
): void {
  // The rule that is inserted last stands first, as in iptables itself.
  const first = wanted.filter((hook) => hook.position === 'first').toReversed();
  const head = headOf(question, live, first);
  const firstTexts = first.map(({ rule }) => rule.text);
  const restTexts = wanted.filter((hook) => hook.position !== 'first').map(({ rule }) => rule.text);
  // Of two equal rules, a delete takes the one at the head.
  const isTouched = firstTexts.some((text) => missing.includes(text) || surplus.includes(text));
  const stays = head.stands || (question.hooksStay && !isTouched);
  // Of a long chain that is read for nothing but a hook, nothing is copied where no place is asked for.
  let now = question.stood.length === 0 ? [] : live.map(textOf);
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
    const before = head.before.map(textOf);
    now = [...before, ...firstTexts, ...subtract(now, [...movable, ...before])];
  }
  // The same rule may be wanted both at the head and anywhere. A live copy counts for only one of the two.
  const left = countsOf(subtract(restTexts, stays ? subtract(oldTexts, firstTexts) : oldTexts));
  for (const { rule, position } of wanted) {
    const count = position === 'first' ? 0 : (left.get(rule.text) ?? 0);
    if (count === 0) continue;
    left.set(rule.text, count - 1);
    const place = placeOf(rule, question, now);
    now.splice(place, 0, rule.text);
    add(rule, place === now.length - 1 ? `-A ${rule.chain}` : `-I ${rule.chain} ${place + 1}`);
  }
}

/** Where an appended hook comes: before those of others that came later than it had, else last. */
function placeOf(
  { text }: Rule,
  { family, table, stood, neighbours }: HookQuestion,
  now: readonly string[],
): number {
  const isHere = (hook: AppendedHook) => hook.family === family && hook.table === table;
  const own = stood.find((hook) => isHere(hook) && hook.text === text);
  if (own === undefined) return now.length;
  const others = neighbours.flatMap(({ appended = [] }) => appended).filter(isHere);
  const later = new Set(others.filter(({ order }) => order > own.order).map((hook) => hook.text));
  const place = now.findIndex((other) => later.has(other));
  return place === -1 ? now.length : place;
}

/** Plans the hooks as they were: all of a chain go where they stood, if one of them stands elsewhere. */
function putBack(
  { family, table, owned, neighbours, wanted: { around } }: HookQuestion,
  { live, oldTexts, add }: HookedChain,
  wanted: Hook[],
  plan: HookPlan,
): void {
  const chain = wanted[0]?.rule.chain;
  if (chain === undefined) return;
  const isHook = (rule: Rule) => jumpsToAny(rule, owned);
  const mayMove = hooksOf(neighbours, { family, table, chain });
  const places = placesOfHooks(
    { rules: around?.get(chain) ?? [], isHook, mayMove },
    { rules: live, isHook, mayMove },
  );
  if (places === null) return;
  const moved = live.filter(isHook).map(textOf);
  appendAll(plan.diff.moved, inBoth(oldTexts, moved));
  appendAll(plan.deletes, moved.map(deleteLine));
  // If others have deleted rules meanwhile, the old position may be beyond the end of the chain.
  let end = live.length - moved.length + 1;
  for (const [index, { rule }] of wanted.entries()) {
    const place = places[index] ?? end;
    add(rule, place < end ? `-I ${rule.chain} ${place}` : `-A ${rule.chain}`);
    end += 1;
  }
}

/** What is left once each of these texts was deleted by value, which takes the first rule that is equal. */
function withoutFirst(rules: Rule[], texts: readonly string[]): Rule[] {
  const left = countsOf(texts);
  return rules.filter(({ text }) => {
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    return count === 0;
  });
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

function deleteLine(text: string): ChangeLine {
  return { text: text.replace(/^-A/, '-D'), source: null };
}
