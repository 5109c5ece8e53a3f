import type { Rule } from '../model.ts';
import { readJump } from '../saved/read-jump.ts';
import type { PerFamily } from '../tables.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { reachOf } from './reach.ts';

/** Rules of one table that the kernel is known to take together, and its spelling of each. */
export interface Acceptance {
  /**
   * The kernel's spelling of each rule, under two keys: from where the rule is reached ({@link Reach.from}), and its text as it
   * was sent.
   */
  spelled: ReadonlyMap<string, ReadonlyMap<string, string>>;
  chains: ReadonlySet<string>;
}

/** For each table, what the kernel is known to take. The rules of one list item were taken together. */
export type Known = PerFamily<Map<string, Acceptance[]>>;
/** For each table, what the kernel took now, or is known to take in exactly this form. */
export type Accepted = PerFamily<Map<string, Acceptance>>;

function reachIn(table: WantedTable, chain: string): string {
  return reachOf(table).from.get(chain) ?? '';
}

/** Returns the kernel's spelling of a rule, if the kernel is known to take the rule where the table reaches it from. */
export function knownSpelling(
  known: readonly Acceptance[],
  table: WantedTable,
  { chain, text }: Rule,
): string | undefined {
  if (known.length === 0) return undefined;
  const reach = reachIn(table, chain);
  for (const { spelled } of known) {
    const found = spelled.get(reach)?.get(text);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Makes an acceptance after all rules of a table were taken: the spelling of the tried rules, and of those that were known
 * before.
 */
export function acceptanceOf(
  table: WantedTable,
  spelling: (rule: Rule) => string | undefined,
  known: readonly Acceptance[],
): Acceptance {
  const spelled = new Map<string, Map<string, string>>();
  for (const rule of rulesOf(table)) {
    const text = spelling(rule) ?? knownSpelling(known, table, rule);
    if (text === undefined) continue;
    const reach = reachIn(table, rule.chain);
    const texts = spelled.get(reach) ?? new Map<string, string>();
    spelled.set(reach, texts.set(rule.text, text));
  }
  return { spelled, chains: new Set(table.chains.keys()) };
}

/** Says whether everything in a table was taken together. Then there is nothing to ask the kernel. */
export function coversAll(acceptance: Acceptance, table: WantedTable): boolean {
  if (table.script !== null) return false;
  if ([...table.chains.keys()].some((chain) => !acceptance.chains.has(chain))) return false;
  return rulesOf(table).every((rule) => knownSpelling([acceptance], table, rule) !== undefined);
}

/**
 * Returns a table in the kernel's spelling, which can be wanted. Each rule keeps the line of the sent text that it comes from.
 */
export function spellTable(table: WantedTable, acceptance: Acceptance): WantedTable {
  const spell = (rule: Rule) => respelled(rule, knownSpelling([acceptance], table, rule));
  return {
    ...table,
    chains: new Map([...table.chains].map(([chain, rules]) => [chain, rules.map(spell)])),
    hooks: table.hooks.map((hook) => ({ ...hook, rule: spell(hook.rule) })),
  };
}

/** Gives a rule its spelling. Throws if there is none: a rule that the kernel has not spelled must never be written. */
function respelled(rule: Rule, text: string | undefined): Rule {
  if (text === undefined) throw new Error(`it is not known how the kernel spells "${rule.text}"`);
  const { chain, line, insert, counters } = rule;
  const spec = text.slice('-A '.length + chain.length + 1);
  const jump = text === rule.text ? rule.jump : readJump(text);
  return { chain, spec, text, jump, insert, counters, line };
}

export function rulesOf({ chains, hooks }: WantedTable): Rule[] {
  return [...[...chains.values()].flat(), ...hooks.map((hook) => hook.rule)];
}
