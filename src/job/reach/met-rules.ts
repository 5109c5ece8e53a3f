import type { Family } from '../../contract/words/identifiers.ts';
import type { Table } from '../../ruleset/model.ts';
import { readSavedTables } from '../../ruleset/saved/read-saved.ts';
import type { Sent } from '../rehearse/send-packets.ts';
import type { ChangedRule } from './changed-rules.ts';

/** Where packets have left their mark: the counters of rules, before a change and after it. */
export class MetRules {
  readonly #before: ReadonlyMap<string, Table>[] = [];
  readonly #after: ReadonlyMap<string, Table>[] = [];

  add(before: Sent, after: Sent): void {
    for (const [sent, tables] of [[before, this.#before] as const, [after, this.#after] as const])
      for (const [family, text] of sent.saved) tables.push(inFamily(family, readSavedTables(text)));
  }

  /** Whether a packet has met a rule where it stands. One that cannot be found may have been met. */
  has({ of, how, chain, rule, text }: ChangedRule): boolean {
    const sides = { added: [this.#after], removed: [this.#before], moved: [this.#before, this.#after] }[how];
    const tables = sides.flat().flatMap((side) => side.get(`${of.family} ${of.table}`) ?? []);
    const counters = tables.flatMap(({ chains, rules }) =>
      rule === null
        ? [chains.get(chain)?.counters ?? null]
        : rules.filter((one) => one.text === text).map((one) => one.counters),
    );
    return counters.length === 0 || counters.some((one) => one === null || !one.startsWith('0:'));
  }
}

function inFamily(family: Family, tables: ReadonlyMap<string, Table>): Map<string, Table> {
  return new Map([...tables].map(([name, table]) => [`${family} ${name}`, table]));
}
