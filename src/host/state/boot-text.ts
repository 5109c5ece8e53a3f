import type { BootEnd } from '../../job/ports/stores.ts';
import { type PerFamily, perFamily } from '../../ruleset/tables.ts';
import { HOOK_ORDER } from '../../ruleset/wanted/hook-order.ts';

/** Begins the first line of rules that end; behind it is the time, in seconds. */
export const UNTIL = '#until ';
/** Begins each line of what is loaded after that time. iptables takes it for a comment, as an earlier loader does. */
export const AFTER = '#after ';

/** The text of a boot file: rules, and what is loaded in place of them from a time on. */
function bootText(rules: string, end: { until: string; after: string } | null): string {
  if (end === null) return rules;
  const seconds = Math.ceil(Date.parse(end.until) / 1000);
  const isComment = (line: string) => line.startsWith('#') && !line.startsWith(HOOK_ORDER);
  const after = end.after.split('\n').filter((line) => line !== '' && !isComment(line));
  return [`${UNTIL}${seconds}\n`, rules, ...after.map((line) => `${AFTER}${line}\n`)].join('');
}

/** What such a text has. `after` is `null` if the rules do not end. */
export function readBootText(text: string): { rules: string; after: string | null } {
  if (!text.startsWith(UNTIL)) return { rules: text, after: null };
  const lines = text.split('\n').slice(1);
  const isAfter = (line: string) => line.startsWith(AFTER);
  const after = lines.filter(isAfter).map((line) => `${line.slice(AFTER.length)}\n`);
  return { rules: lines.filter((line) => !isAfter(line)).join('\n'), after: after.join('') };
}

/** The texts of both families. */
export function bootTexts(rules: PerFamily<string>, end: BootEnd | null): PerFamily<string> {
  return perFamily((family) =>
    bootText(rules[family], end === null ? null : { until: end.until, after: end.after[family] }),
  );
}
