import { type Rule, textOf } from '../model.ts';
import { sameList, subtract } from './diff.ts';

/** Stands for a rule of others whose text may not be restored: only its place counts. */
export const PLACE_OF_ANOTHER = '-m comment --comment "a rule of somebody else"';

/** A chain of others in which hooks stand. */
export interface HookedChain {
  rules: readonly Rule[];
  isHook: (rule: Rule) => boolean;
  /** Rules of others that may have been moved as well, and so say nothing of where the hooks stood. */
  mayMove: (rule: Rule) => boolean;
}

/**
 * Says where to insert the hooks of a chain so that each stands again between the rules of others where it stood. Others may have written
 * to the chain meanwhile: then places are told by the rules that it has had all the time.
 *
 * @param now without the hooks that are not put back
 * @returns the position of each hook from 1, in their order, for when none of them is there but those before it; `null` if all stand
 * where they stood
 */
export function placesOfHooks(then: HookedChain, now: HookedChain): number[] | null {
  const shared = hasSameOthers(then, now) ? null : sharedOthers(then, now);
  const before = partsOf(then, shared);
  if (sameList(before.map(nameOf), partsOf(now, shared).map(nameOf))) return null;
  if (shared === null || shared.length === 0)
    return then.rules.flatMap((rule, index) => (then.isHook(rule) ? [index + 1] : []));
  const others = othersOf(now).map(textOf);
  const indexes = indexesIn(others, shared);
  const places: number[] = [];
  let passed = 0;
  for (const { isHook } of before) {
    if (!isHook) passed += 1;
    // Behind the rule that was before it. At the head: before the one that was behind it.
    else places.push(places.length + 1 + (passed === 0 ? (indexes[0] ?? 0) : (indexes[passed - 1] ?? 0) + 1));
  }
  return places;
}

interface Part {
  text: string;
  isHook: boolean;
}

function nameOf({ text, isHook }: Part): string {
  return isHook ? `hook ${text}` : text;
}

/** The hooks and the shared rules of others, in their order. @param shared `null`: all of others, whatever they say */
function partsOf({ rules, isHook }: HookedChain, shared: readonly string[] | null): Part[] {
  let passed = 0;
  return rules.flatMap((rule): Part[] => {
    if (isHook(rule)) return [{ text: rule.text, isHook: true }];
    if (shared !== null && rule.text !== shared[passed]) return [];
    passed += 1;
    return [{ text: shared === null ? '' : rule.text, isHook: false }];
  });
}

/** Whether others have, as far as is known, the very same rules in the same order. */
function hasSameOthers(then: HookedChain, now: HookedChain): boolean {
  const [old, live] = [othersOf(then), othersOf(now)];
  return (
    old.length === live.length &&
    old.every(({ spec, text }, index) => spec === PLACE_OF_ANOTHER || text === live[index]?.text)
  );
}

/** What both have of others, if they have it in the same order. */
function sharedOthers(then: HookedChain, now: HookedChain): string[] {
  const fixed = (chain: HookedChain) =>
    othersOf(chain)
      .filter((rule) => !chain.mayMove(rule))
      .map(textOf);
  const [old, live] = [fixed(then), fixed(now)];
  const kept = subtract(old, subtract(old, live));
  return sameList(kept, subtract(live, subtract(live, old))) ? kept : [];
}

function othersOf({ rules, isHook }: HookedChain): Rule[] {
  return rules.filter((rule) => !isHook(rule));
}

/** Where each of these is in a list that has all of them in this order. */
function indexesIn(list: readonly string[], wanted: readonly string[]): number[] {
  const indexes: number[] = [];
  for (const [index, text] of list.entries()) if (text === wanted[indexes.length]) indexes.push(index);
  return indexes;
}
