import { type ChangeLine, LiveCounters, type Spelling } from './change.ts';
import type { Neighbour } from './claims.ts';
import { type ListDiff, sameList, subtract } from './diff.ts';
import { type Rule, rulesByChain, type Table, textOf } from './model.ts';
import { jumpsToAny } from './options.ts';
import type { TableRef } from './tables.ts';
import type { Hook, WantedTable } from './wanted-table.ts';

interface HookQuestion extends TableRef {
  /** The ruleset's name. */
  name: string;
  live: Table;
  wanted: WantedTable;
  owned: ReadonlySet<string>;
  neighbours: readonly Neighbour[];
  spell: Spelling;
  hooksStay: boolean;
}

interface HookPlan {
  deletes: ChangeLine[];
  adds: ChangeLine[];
  diff: ListDiff;
}

/**
 * Hooks stand in chains of others. A hook is known by its target; one that is not wanted goes, by value. One
 * that is appended is left where it is once it is there; one that is inserted stands before everything but the
 * inserted hooks of rulesets whose names sort before this one's.
 */
export function planHooks(question: HookQuestion): HookPlan {
  const { live, wanted, owned } = question;
  const liveByChain = rulesByChain(live.rules.filter((rule) => !owned.has(rule.chain)));
  const wantedByChain = new Map<string, Hook[]>();
  for (const hook of wanted.hooks) {
    wantedByChain.set(hook.rule.chain, [...(wantedByChain.get(hook.rule.chain) ?? []), hook]);
  }
  const plan: HookPlan = {
    deletes: [],
    adds: [],
    diff: { added: [], removed: [], unchanged: 0 },
  };
  for (const chain of new Set([...liveByChain.keys(), ...wantedByChain.keys()])) {
    planHookChain(question, liveByChain.get(chain) ?? [], wantedByChain.get(chain) ?? [], plan);
  }
  return plan;
}

function planHookChain(question: HookQuestion, liveRules: Rule[], wanted: Hook[], plan: HookPlan): void {
  const { owned, spell, hooksStay } = question;
  const ours = liveRules.filter((rule) => jumpsToAny(rule.spec, owned));
  const counters = new LiveCounters(liveRules);
  const oldTexts = ours.map(textOf);
  const wantedTexts = wanted.map(({ rule }) => spell(rule));
  const missing = subtract(wantedTexts, oldTexts);
  const surplus = subtract(oldTexts, wantedTexts);

  const add = (rule: Rule, command: string) => {
    const had = counters.take(rule, spell(rule));
    const text = `${command} ${rule.spec}`;
    plan.adds.push({
      text: had === null ? text : `[${had}] ${text}`,
      source: rule.line,
    });
  };
  plan.diff.added.push(...missing);
  plan.diff.removed.push(...surplus);
  plan.diff.unchanged += wantedTexts.length - missing.length;
  plan.deletes.push(...surplus.map(deleteLine));

  // The one that is inserted last stands first, as in iptables itself.
  const first = wanted.filter((hook) => hook.place === 'first').toReversed();
  const head = headOf(question, liveRules, first);
  const firstTexts = first.map(({ rule }) => spell(rule));
  const rest = wanted.filter((hook) => hook.place !== 'first');
  const restTexts = rest.map(({ rule }) => spell(rule));
  const stays = head.stands || (hooksStay && !firstTexts.some((text) => missing.includes(text)));
  if (!stays) {
    const movable = inBoth(firstTexts, subtract(oldTexts, restTexts));
    plan.diff.added.push(...movable);
    plan.diff.removed.push(...movable);
    plan.diff.unchanged -= movable.length;
    plan.deletes.push(...movable.map(deleteLine), ...head.before.map((rule) => deleteLine(rule.text)));
    for (const { rule } of first.toReversed()) add(rule, `-I ${rule.chain}`);
    for (const rule of head.before.toReversed()) add({ ...rule, line: 0 }, `-I ${rule.chain}`);
  }
  // A rule may be asked for both at the head and anywhere: one that is there counts for one of the two.
  const left = subtract(restTexts, stays ? subtract(oldTexts, firstTexts) : oldTexts);
  for (const { rule, place } of rest) {
    const at = left.indexOf(spell(rule));
    if (at === -1) continue;
    left.splice(at, 1);
    add(rule, place === 'last' ? `-A ${rule.chain}` : `-I ${rule.chain} ${place}`);
  }
}

/** What both lists have, as often as both have it. */
function inBoth(list: readonly string[], other: readonly string[]): string[] {
  return subtract(list, subtract(list, other));
}

/** Whether the inserted hooks stand where they must, and the inserted hooks of others that go before them. */
function headOf(
  { family, table, name, neighbours, spell }: HookQuestion,
  liveRules: Rule[],
  first: Hook[],
): { stands: boolean; before: Rule[] } {
  const chain = first[0]?.rule.chain;
  if (chain === undefined) return { stands: true, before: [] };
  const earlier = neighbours.filter((neighbour) => neighbour.name < name);
  const targets = earlier.flatMap(({ claims }) =>
    claims.hooks
      .filter((hook) => hook.first && hook.family === family && hook.table === table && hook.chain === chain)
      .map((hook) => hook.target),
  );
  const before = liveRules.filter((rule) => jumpsToAny(rule.spec, new Set(targets)));
  const spelled = first.map(({ rule }) => spell(rule));
  const at = liveRules.findIndex((rule) => rule.text === spelled[0]);
  const stands =
    at !== -1 &&
    sameList(liveRules.slice(at, at + spelled.length).map(textOf), spelled) &&
    liveRules.slice(0, at).every((rule) => before.includes(rule));
  return { stands, before };
}

function deleteLine(text: string): ChangeLine {
  return { text: text.replace(/^-A/, '-D'), source: null };
}
