import type { Rule } from '../model.ts';
import type { Hook, WantedTable } from './wanted-table.ts';

/**
 * Learns how the kernel spells rules: `10.0.0.1` comes back as `10.0.0.1/32`. Compares, rule by rule, what was sent with what was
 * read back in its place after it was committed.
 *
 * @returns a function that returns the spelling of a rule, or `undefined` if it is not known
 */
export function learnSpelling(
  sent: Map<string, WantedTable>,
  live: Map<string, WantedTable>,
): (rule: Rule) => string | undefined {
  const spelled = new Map<string, string>();
  const learn = (from: readonly Rule[], to: readonly Rule[]) => {
    if (from.length !== to.length) return;
    for (const [index, rule] of from.entries()) {
      const saved = to[index];
      if (saved !== undefined) spelled.set(rule.text, saved.text);
    }
  };
  for (const [name, table] of sent) {
    const now = live.get(name);
    if (now === undefined) continue;
    for (const [chain, rules] of table.chains) learn(rules, now.chains.get(chain) ?? []);
    const hooks = hooksByPosition(now.hooks);
    for (const [position, rules] of hooksByPosition(table.hooks)) learn(rules, hooks.get(position) ?? []);
  }
  return (rule) => spelled.get(rule.text);
}

function hooksByPosition(hooks: readonly Hook[]): Map<string, Rule[]> {
  const places = new Map<string, Rule[]>();
  for (const { rule, target, position } of hooks) {
    const key = `${rule.chain} ${target} ${position === 'first' ? 'first' : ''}`;
    const known = places.get(key);
    if (known === undefined) places.set(key, [rule]);
    else known.push(rule);
  }
  return places;
}
