import { appendText, type Rule } from './model.ts';
import { reachOf } from './reach.ts';
import type { WantedTable } from './wanted.ts';

/** The rules of one table that the kernel is known to have taken together, and its own spelling of each. */
export interface Acceptance {
  /** The kernel's spelling, by the place from which a rule was reached and its text as it was sent. */
  spelled: ReadonlyMap<string, string>;
  chains: ReadonlySet<string>;
}

/** Of the tables of the job in hand: from where each chain is reached takes a look at every rule. */
const REACHES = new WeakMap<WantedTable, Map<string, string>>();

/** How the rules of a table are looked up in an acceptance. */
export function acceptanceKeys(table: WantedTable): (rule: Rule) => string {
  const reach = REACHES.get(table) ?? reachOf(table);
  REACHES.set(table, reach);
  return (rule) => `${reach.get(rule.chain) ?? ''}\n${appendText(rule)}`;
}

/** What is known once all rules of a table were taken: the spelling of those that were asked about, and of the others. */
export function acceptanceOf(
  table: WantedTable,
  spelling: (rule: Rule) => string | undefined,
  known: readonly Acceptance[],
): Acceptance {
  const key = acceptanceKeys(table);
  const spelled = new Map<string, string>();
  for (const rule of rulesOf(table)) {
    const text = spelling(rule) ?? known.map((other) => other.spelled.get(key(rule))).find((found) => found);
    if (text !== undefined) spelled.set(key(rule), text);
  }
  return { spelled, chains: new Set(table.chains.keys()) };
}

/** Whether all of a table was taken together: then there is nothing to ask the kernel. */
export function coversAll({ spelled, chains }: Acceptance, table: WantedTable): boolean {
  if ([...table.chains.keys()].some((chain) => !chains.has(chain))) return false;
  const key = acceptanceKeys(table);
  return rulesOf(table).every((rule) => spelled.has(key(rule)));
}

export function rulesOf(table: WantedTable): Rule[] {
  return [...[...table.chains.values()].flat(), ...table.hooks.map((hook) => hook.rule)];
}
