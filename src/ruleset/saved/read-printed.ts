import type { Rule } from '../model.ts';
import { readRule } from './read-saved.ts';

/** The place of a rule: its chain, and its position from 1. */
export interface Place {
  chain: string;
  position: number;
}

/** How many more rules than at the last save a chain is expected to have at most. */
const MORE = 16;

/** Returns the places of a chain to ask for. Some of them must turn out to be free; otherwise the chain may have more rules. */
export function placesOf(chain: string, rules: number): Place[] {
  const most = rules + MORE + Math.ceil(rules / 8);
  return Array.from({ length: most }, (_, index) => ({ chain, position: index + 1 }));
}

/**
 * Reads rules that iptables printed one by one, each twice: without and then with its counters (`-S CHAIN K` and `-S CHAIN K
 * -v`). A rule ends where its own text begins again, with counters. So its end is known, whatever is in it.
 *
 * @returns the rules in their order, each with its counters; `null` if this was not printed in that way
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

/** Returns the counters if the next lines repeat these lines, with counters in exactly one of them; otherwise `null`. */
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
