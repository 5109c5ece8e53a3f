import { readOptions } from '../text/read-options.ts';
import { splitWords } from '../text/split-words.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { rulesOf } from './acceptance.ts';

/**
 * Objects of a network namespace that rules refer to by name, and that must be there before the rules. A rehearsal's namespace
 * has none of its own.
 */
export interface ObjectNames {
  /** ipsets: `-m set`, `-j SET`. */
  sets: string[];
  /** Accounting objects: `-m nfacct`. */
  accounts: string[];
  /** Rate estimators, which other rules make: `-m rateest`. */
  estimators: string[];
  /** Time-out policies of connection tracking: `-j CT --timeout`. */
  timeouts: string[];
}

const KINDS: Readonly<Record<string, keyof ObjectNames>> = {
  'set match-set': 'sets',
  'set set': 'sets',
  'SET add-set': 'sets',
  'SET del-set': 'sets',
  'SET map-set': 'sets',
  'nfacct nfacct-name': 'accounts',
  'rateest rateest': 'estimators',
  'rateest rateest1': 'estimators',
  'rateest rateest2': 'estimators',
  'CT timeout': 'timeouts',
};
/** Most rules name none: to see that is far cheaper than to read their options. */
const MAY_NAME_ONE = /\b(?:set|SET|nfacct|rateest|CT)\b|"/;

/** The objects that rules and commands name. */
export function objectNames(texts: readonly string[]): ObjectNames {
  const names: ObjectNames = { sets: [], accounts: [], estimators: [], timeouts: [] };
  for (const text of texts) {
    if (!MAY_NAME_ONE.test(text)) continue;
    for (const { owner, name, values } of readOptions(splitWords(text)).options) {
      const kind = KINDS[`${owner} ${name}`];
      const [value] = values;
      if (kind !== undefined && value !== undefined && !names[kind].includes(value)) names[kind].push(value);
    }
  }
  return names;
}

/** … and those that a table names. */
export function objectsOf(table: WantedTable): ObjectNames {
  const commands = table.script?.map(({ text }) => text) ?? [];
  return objectNames([...commands, ...rulesOf(table).map(({ spec }) => spec)]);
}
