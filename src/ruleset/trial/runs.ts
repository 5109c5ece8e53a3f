import type { Rule } from '../model.ts';
import type { Reach } from './reach.ts';

/** Rules of one chain that stand one after the other, and are all reached from the same chains. */
export interface Run {
  /** Where the first one stands in the list of all rules. */
  first: number;
  /** Where the last one stands, and one more. */
  end: number;
  /** Which rules of which chain they are: all, those up to the one that ends it, or those behind. */
  place: string;
  /** From where they are reached ({@link Reach.from}). */
  reach: string;
}

/** @param rules in which the rules of a chain follow each other */
export function* runsOf(rules: readonly Rule[], { from, fromBehind, ends }: Reach): Generator<Run> {
  for (let first = 0, end = 0; first < rules.length; first = end) {
    const chain = rules[first]?.chain ?? '';
    const last = ends.get(chain);
    const isBehind = last !== undefined && first > 0 && rules[first - 1] === last;
    end = first + 1;
    while (end < rules.length && rules[end]?.chain === chain && rules[end - 1] !== last) end += 1;
    // No chain has a blank in its name.
    const place = isBehind ? `${chain} behind` : chain;
    yield { first, end, place, reach: (isBehind ? fromBehind : from).get(chain) ?? '' };
  }
}
