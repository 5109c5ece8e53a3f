import type { Rule } from '../model.ts';
import { readRule } from './read-saved.ts';

/** One rule, by its chain and its place from 1. */
export interface Place {
  chain: string;
  position: number;
}

/** How many more rules a chain may have by now than it had when it was saved. */
const MORE = 16;

/** So many places of a chain are asked for: some must be free, or there may be more rules. */
export function placesOf(chain: string, rules: number): Place[] {
  const most = rules + MORE + Math.ceil(rules / 8);
  return Array.from({ length: most }, (_, index) => ({ chain, position: index + 1 }));
}

/**
 * Reads rules that iptables printed one by one, each twice: without and then with its counters (`-S CHAIN K` and `-S CHAIN K -v`).
 * So it is known where each ends, whatever is in it: where it begins again, and has counters.
 *
 * @returns the rules in their order, each with `[packets:bytes]` before it; `null` if this is not what was printed
 */
export function readPrintedTwice(printed: string): Rule[] | null {
  const lines = printed === '' ? [] : printed.split('\n');
  const rules: Rule[] = [];
  for (let at = 0; at < lines.length; ) {
    const read = readOne(lines, at);
    if (read === null) return null;
    rules.push(readRule(`[${read.counters}] ${lines.slice(at, at + read.length).join('\n')}`, 0));
    at += 2 * read.length;
  }
  return rules;
}

const COUNTERS = / -c (\d+) (\d+)(?= |$)/;

function readOne(lines: readonly string[], at: number): { length: number; counters: string } | null {
  for (let length = 1; at + 2 * length <= lines.length; length += 1) {
    const counters = countersOf(lines, at, length);
    if (counters !== null) return { length, counters };
  }
  return null;
}

/** Whether so many lines are there once more, with counters in one of them. */
function countersOf(lines: readonly string[], at: number, length: number): string | null {
  let found: string | null = null;
  for (let index = at; index < at + length; index += 1) {
    const line = lines[index] ?? '';
    const again = lines[index + length] ?? '';
    if (line === again) continue;
    const [match, packets, bytes] = COUNTERS.exec(again) ?? [];
    if (match === undefined || found !== null || again.replace(COUNTERS, '') !== line) return null;
    found = `${packets}:${bytes}`;
  }
  return found;
}
