import { jumpsToAny, type Rule, textOf } from '../model.ts';
import type { ChainRef, TableRef } from '../tables.ts';
import type { Hook } from '../wanted/wanted-table.ts';
import type { Neighbour } from './claims.ts';
import { sameList } from './diff.ts';

interface HeadQuestion extends TableRef {
  /** The ruleset's name. */
  name: string;
  neighbours: readonly Neighbour[];
}

/** Says whether the inserted hooks stand at the head, and returns the inserted hooks of others that belong before them. */
export function headOf(
  { family, table, name, neighbours }: HeadQuestion,
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
export function hooksOf(
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
