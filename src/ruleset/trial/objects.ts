import { readOptions } from '../text/read-options.ts';
import { splitWords } from '../text/split-words.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { rulesOf } from './acceptance.ts';

/**
 * Names of objects of a network namespace. Rules that name such an object need it to exist, and a rehearsal's namespace has none.
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
/** Finds texts that may name an object. Most rules name none, and this test is far cheaper than reading their options. */
const MAY_NAME_ONE = /\b(?:set|SET|nfacct|rateest|CT)\b|"/;

/** Whether a rule or a command may name an object, at a glance. */
export function mayNameObject(text: string): boolean {
  return MAY_NAME_ONE.test(text);
}

/** Returns the names of objects in rules and commands. */
export function objectNames(texts: readonly string[]): ObjectNames {
  const names: ObjectNames = { sets: [], accounts: [], estimators: [], timeouts: [] };
  let before = '';
  for (const text of texts) {
    // The rules that one line makes have all its text.
    if (text === before) continue;
    before = text;
    if (!mayNameObject(text)) continue;
    for (const { owner, name, values } of readOptions(splitWords(text)).options) {
      const kind = KINDS[`${owner} ${name}`];
      const [value] = values;
      if (kind !== undefined && value !== undefined && !names[kind].includes(value)) names[kind].push(value);
    }
  }
  return names;
}

/** Returns the names of objects in a table that is wanted. */
export function objectsOf(table: WantedTable): ObjectNames {
  const commands = table.script?.map(({ text }) => text) ?? [];
  return objectNames([...commands, ...rulesOf(table).map(({ spec }) => spec)]);
}
