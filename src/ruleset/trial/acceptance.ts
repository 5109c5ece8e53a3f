import { appendAll } from '../append-all.ts';
import type { Rule } from '../model.ts';
import { readJump } from '../saved/read-jump.ts';
import type { PerFamily } from '../tables.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { reachOf } from './reach.ts';
import { runsOf } from './runs.ts';

/** Rules of one table that the kernel is known to take together, and its spelling of each. */
export interface Acceptance {
  /** By their place (`Run.place`): in chains of the table, and hooks. */
  rules: ReadonlyMap<string, AcceptedRules>;
  chains: ReadonlySet<string>;
}

/** Rules of one place in a chain. */
export interface AcceptedRules {
  /** From where they are reached ({@link Reach.from}). */
  reach: string;
  /** As they were sent, in their order. */
  texts: string[];
  /** The kernel's spelling of each. */
  spelled: string[];
}

/** For each table, what the kernel took. */
export type Accepted = PerFamily<Map<string, Acceptance>>;

/** The kernel's spelling of each of {@link rulesOf}, as far as it is known. */
export type Spellings = readonly (string | undefined)[];

/**
 * Makes an acceptance after all rules of a table were taken: the spelling of the tried rules, and of those that were known
 * before.
 */
export function acceptanceOf(table: WantedTable, spellings: Spellings): Acceptance {
  const accepted = new Map<string, AcceptedRules>();
  const rules = rulesOf(table);
  for (const { first, end, place, reach } of runsOf(rules, reachOf(table))) {
    const list = accepted.get(place) ?? { reach, texts: [], spelled: [] };
    for (let index = first; index < end; index += 1) {
      const spelling = spellings[index];
      if (spelling === undefined) continue;
      list.texts.push(rules[index]?.text ?? '');
      list.spelled.push(spelling);
    }
    accepted.set(place, list);
  }
  return { rules: accepted, chains: new Set(table.chains.keys()) };
}

/** Says whether everything in a table was taken together. Then there is nothing to ask the kernel. */
export function coversAll(acceptance: Acceptance, table: WantedTable, spellings: Spellings): boolean {
  if (table.script !== null) return false;
  if ([...table.chains.keys()].some((chain) => !acceptance.chains.has(chain))) return false;
  return !spellings.includes(undefined);
}

/**
 * Returns a table in the kernel's spelling, which can be wanted. Each rule keeps the line of the sent text that it comes from.
 */
export function spellTable(table: WantedTable, spellings: Spellings): WantedTable {
  let index = 0;
  const spell = (rule: Rule) => respelled(rule, spellings[index++]);
  // In the order of `rulesOf`.
  const chains = new Map([...table.chains].map(([chain, rules]) => [chain, rules.map(spell)]));
  return { ...table, chains, hooks: table.hooks.map((hook) => ({ ...hook, rule: spell(hook.rule) })) };
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
