export type Family = 'ipv4' | 'ipv6';
export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** What has to be there before a rule can be made; see needs.ts. */
export type Need = 'ipset' | 'nfacct' | 'timeout' | 'rateest';

/** What is known of an extension beside its options' names and types, so that rules can be made of it. */
export interface Setting {
  /** Of no other family, though the extension has the options there. */
  families?: readonly Family[];
  /** `filter` where nothing is said, and there INPUT. */
  table?: string;
  chain?: string;
  /** What a rule has in front of the extension: `-p tcp`. */
  before?: string;
  /** Options without which the extension takes no other; left out where it is the option itself. */
  with?: string;
  /** In place of `with` for an option. */
  withFor?: Readonly<Record<string, string>>;
  /** In place of the values of the option's type. */
  values?: Readonly<Record<string, readonly string[]>>;
  /** Whole texts after `-m NAME` or `-j NAME`: combinations, old spellings, what breaks. */
  more?: readonly string[];
  needs?: readonly Need[];
}

/** By `match NAME` or `target NAME`, with the family behind it where the families differ: `match ah ipv6`. */
export type Settings = Readonly<Record<string, Setting>>;
