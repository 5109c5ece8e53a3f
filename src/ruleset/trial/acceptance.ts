import type { Rule } from '../model.ts';
import { readJump } from '../saved/read-jump.ts';
import type { PerFamily } from '../tables.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { reachOf } from './reach.ts';

/** The rules of one table that the kernel is known to have taken together, and its own spelling of each. */
export interface Acceptance {
  /** By the place from which a rule was reached: the kernel's spelling by the rule's text as it was sent. */
  spelled: ReadonlyMap<string, ReadonlyMap<string, string>>;
  chains: ReadonlySet<string>;
}

/** By table, what the kernel is known to have taken: each of the list together. */
export type Known = PerFamily<Map<string, Acceptance[]>>;
/** What it took now, or is known to have taken just so. */
export type Accepted = PerFamily<Map<string, Acceptance>>;

function reachIn(table: WantedTable, chain: string): string {
  return reachOf(table).from.get(chain) ?? '';
}

/** The kernel's spelling of a rule of a table, if it is known to take the rule where that is reached from. */
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

/** What is known once all rules of a table were taken: the spelling of those that were asked about, and of the others. */
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

/** Whether all of a table was taken together: then there is nothing to ask the kernel. */
export function coversAll(acceptance: Acceptance, table: WantedTable): boolean {
  if (table.script !== null) return false;
  if ([...table.chains.keys()].some((chain) => !acceptance.chains.has(chain))) return false;
  return rulesOf(table).every((rule) => knownSpelling([acceptance], table, rule) !== undefined);
}

/** A table in the kernel's spelling, as the thing to be wanted; each rule knows the line of the sent text that it is from. */
export function spellTable(table: WantedTable, acceptance: Acceptance): WantedTable {
  const spell = (rule: Rule) => respelled(rule, knownSpelling([acceptance], table, rule));
  return {
    ...table,
    chains: new Map([...table.chains].map(([chain, rules]) => [chain, rules.map(spell)])),
    hooks: table.hooks.map((hook) => ({ ...hook, rule: spell(hook.rule) })),
  };
}

/** Nothing that the kernel has not spelled is ever written. */
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
