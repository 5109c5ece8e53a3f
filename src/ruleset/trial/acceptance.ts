import { appendAll } from '../append-all.ts';
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

/**
 * Returns a function that returns the kernel's spelling of a rule of the table, if the kernel is known to take the rule where the
 * table reaches it from. It is fastest for rules of one chain in a row.
 */
export function spellingIn(
  known: readonly Acceptance[],
  table: WantedTable,
): (rule: Rule) => string | undefined {
  if (known.length === 0) return () => undefined;
  const { from } = reachOf(table);
  let current: string | null = null;
  let spellings: ReadonlyMap<string, string>[] = [];
  return ({ chain, text }) => {
    if (chain !== current) {
      const reach = from.get(chain) ?? '';
      spellings = known.flatMap(({ spelled }) => spelled.get(reach) ?? []);
      current = chain;
    }
    for (const spelled of spellings) {
      const found = spelled.get(text);
      if (found !== undefined) return found;
    }
    return undefined;
  };
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
  const { from } = reachOf(table);
  const knownSpelling = spellingIn(known, table);
  for (const rule of rulesOf(table)) {
    const text = spelling(rule) ?? knownSpelling(rule);
    if (text === undefined) continue;
    const reach = from.get(rule.chain) ?? '';
    const texts = spelled.get(reach) ?? new Map<string, string>();
    spelled.set(reach, texts.set(rule.text, text));
  }
  return { spelled, chains: new Set(table.chains.keys()) };
}

/** Says whether everything in a table was taken together. Then there is nothing to ask the kernel. */
export function coversAll(acceptance: Acceptance, table: WantedTable): boolean {
  if (table.script !== null) return false;
  if ([...table.chains.keys()].some((chain) => !acceptance.chains.has(chain))) return false;
  const spelling = spellingIn([acceptance], table);
  return rulesOf(table).every((rule) => spelling(rule) !== undefined);
}

/**
 * Returns a table in the kernel's spelling, which can be wanted. Each rule keeps the line of the sent text that it comes from.
 */
export function spellTable(table: WantedTable, acceptance: Acceptance): WantedTable {
  const spelling = spellingIn([acceptance], table);
  const spell = (rule: Rule) => respelled(rule, spelling(rule));
  return {
    ...table,
    chains: new Map([...table.chains].map(([chain, rules]) => [chain, rules.map(spell)])),
    hooks: table.hooks.map((hook) => ({ ...hook, rule: spell(hook.rule) })),
  };
}

/** Gives a rule its spelling. Throws if there is none: a rule that the kernel has not spelled must never be written. */
function respelled(rule: Rule, text: string | undefined): Rule {
  if (text === undefined) throw new Error(`it is not known how the kernel spells "${rule.text}"`);
  if (text === rule.text && rule.copy === undefined && rule.isOdd === undefined) return rule;
  const { chain, line, insert, counters } = rule;
  const spec = text.slice('-A '.length + chain.length + 1);
  const jump = text === rule.text ? rule.jump : readJump(text);
  return { chain, spec, text, jump, insert, counters, line };
}

/** Each step of a job goes over the rules of the same few tables. */
const RULES = new WeakMap<WantedTable, readonly Rule[]>();

/** Returns all rules of a table: those of its chains, then the hooks. */
export function rulesOf(table: WantedTable): readonly Rule[] {
  const known = RULES.get(table);
  if (known !== undefined) return known;
  const rules: Rule[] = [];
  for (const list of table.chains.values()) appendAll(rules, list);
  for (const { rule } of table.hooks) rules.push(rule);
  RULES.set(table, rules);
  return rules;
}
