import { type Rule, textOf } from '../model.ts';
import { type ListDiff, sameEnds, sameList } from './diff.ts';
import { type ChangeLine, ruleLine } from './table-change.ts';

/** For each edit, iptables counts rules from the head of the chain. So with many edits, writing the whole chain costs less. */
const FEW_EDITS = 16;
const EDITS_PER_RULE = 1 / 16;

/** Says whether there are few edits enough, before the chain is looked at closely. */
export function isWorthEditing(before: readonly string[], { added, removed }: ListDiff): boolean {
  return added.length + removed.length <= Math.max(FEW_EDITS, before.length * EDITS_PER_RULE);
}

/**
 * Edits an owned chain: deletes rules that are gone by value, and inserts new ones at their places. The rules that stay keep
 * their counters. Only what is between the first and the last difference is looked at closely.
 *
 * @param before the rules as they are live
 * @returns `null` if the chain must be written anew: rules have changed places, or there are twins, of which a deletion by value
 * might hit the wrong one
 */
export function editChain(before: readonly string[], after: readonly Rule[]): ChangeLine[] | null {
  const { head, tail } = sameEnds(before, after.map(textOf));
  const middle = before.slice(head, before.length - tail);
  const rules = after.slice(head, after.length - tail);
  const old = new Set(middle);
  const wanted = new Set(rules.map(textOf));
  if (old.size < middle.length || wanted.size < rules.length) return null;
  const gone = middle.filter((text) => !wanted.has(text));
  const staying = middle.filter((text) => wanted.has(text));
  const fresh = rules.flatMap(({ text }) => (old.has(text) ? [] : text));
  const kept = rules.flatMap(({ text }) => (old.has(text) ? text : []));
  if (!sameList(staying, kept) || hasTwin(before, head, tail, new Set([...gone, ...fresh]))) return null;
  const lines: ChangeLine[] = gone.map((text) => ({ text: text.replace(/^-A/, '-D'), source: null }));
  for (const [index, rule] of rules.entries()) {
    if (!old.has(rule.text)) lines.push(insertLine(rule, head + index + 1));
  }
  return lines;
}

/** Says whether one of these texts is also in the first `head` or the last `tail` of the list. */
function hasTwin(list: readonly string[], head: number, tail: number, texts: ReadonlySet<string>): boolean {
  if (texts.size === 0) return false;
  return list.some((text, index) => (index < head || index >= list.length - tail) && texts.has(text));
}

/** All rules before this one are already in place, so its position is the one in the finished chain. */
function insertLine(rule: Rule, position: number): ChangeLine {
  const { text, source } = ruleLine(rule, rule.counters);
  return { text: text.replace(`-A ${rule.chain}`, () => `-I ${rule.chain} ${position}`), source };
}
