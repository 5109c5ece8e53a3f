import type { Rule } from '../model.ts';
import { sameList } from './diff.ts';
import { type ChangeLine, type LiveCounters, ruleLine } from './table-change.ts';

/** For each edit, iptables counts rules from the head of the chain. So with many edits, writing the whole chain costs less. */
const FEW_EDITS = 16;
const EDITS_PER_RULE = 1 / 16;

/**
 * Edits an owned chain: deletes rules that are gone by value, and inserts new ones at their places. The rules that stay keep
 * their counters.
 *
 * @param before the rules as they are live
 * @returns `null` if the chain must be written anew: there are too many edits, rules have changed places, or there are twins, of
 * which a deletion by value might hit the wrong one
 */
export function editChain(
  before: readonly string[],
  after: readonly Rule[],
  counters: LiveCounters,
): ChangeLine[] | null {
  const old = new Set(before);
  const wanted = new Set(after.map(({ text }) => text));
  if (old.size < before.length || wanted.size < after.length) return null;
  const gone = before.filter((text) => !wanted.has(text));
  const staying = before.filter((text) => wanted.has(text));
  const edits = gone.length + after.length - staying.length;
  if (edits > Math.max(FEW_EDITS, before.length * EDITS_PER_RULE)) return null;
  const kept = after.flatMap(({ text }) => (old.has(text) ? text : []));
  if (!sameList(staying, kept)) return null;
  const lines: ChangeLine[] = gone.map((text) => ({ text: text.replace(/^-A/, '-D'), source: null }));
  for (const [index, rule] of after.entries()) {
    if (!old.has(rule.text)) lines.push(insertLine(rule, index + 1, counters.take(rule)));
  }
  return lines;
}

/** All rules before this one are already in place, so its position is the one in the finished chain. */
function insertLine(rule: Rule, position: number, counters: string | null): ChangeLine {
  const { text, source } = ruleLine(rule, counters);
  return { text: text.replace(`-A ${rule.chain}`, () => `-I ${rule.chain} ${position}`), source };
}
