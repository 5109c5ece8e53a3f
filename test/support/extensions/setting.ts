export type Family = 'ipv4' | 'ipv6';
export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** An object that has to exist before a rule can be made; see needs.ts. */
export type Need = 'ipset' | 'nfacct' | 'timeout' | 'rateest';

/** What has to be known of an extension to make rules, besides the names and types of its options. */
export interface Setting {
  /** The only families for which rules are made, though the extension has its options in others, too. */
  families?: readonly Family[];
  /** By default `filter`, and its chain INPUT. */
  table?: string;
  chain?: string;
  /** What has to come before the extension in a rule, such as `-p tcp`. */
  before?: string;
  /** Options that the extension always needs. The option that is being tried is left out of them. */
  with?: string;
  /** Replaces `with` for single options. */
  withFor?: Readonly<Record<string, string>>;
  /** Replaces the values of the option's type for single options. */
  values?: Readonly<Record<string, readonly string[]>>;
  /** Whole texts after `-m NAME` or `-j NAME`: combinations, old spellings, what breaks. */
  more?: readonly string[];
  needs?: readonly Need[];
}

/** The keys are `match NAME` or `target NAME`, with the family after it if the families differ: `match ah ipv6`. */
export type Settings = Readonly<Record<string, Setting>>;
