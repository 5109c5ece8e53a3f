import { FAMILIES, type Family } from '../contract/words/identifiers.ts';

const BUILT_IN_CHAINS: Record<string, readonly string[]> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

export const TABLE_NAMES = Object.keys(BUILT_IN_CHAINS);

/** Returns the chains that the kernel itself makes in a table; none for an unknown table. */
export function builtInChains(table: string): readonly string[] {
  return Object.hasOwn(BUILT_IN_CHAINS, table) ? (BUILT_IN_CHAINS[table] ?? []) : [];
}

/** A table of one family. One transaction of the kernel covers one of these. */
export interface TableRef {
  family: Family;
  table: string;
}

export interface ChainRef extends TableRef {
  chain: string;
}

/** One value for each family. */
export type PerFamily<T> = Record<Family, T>;

export function perFamily<T>(make: (family: Family) => T): PerFamily<T> {
  const [ipv4, ipv6] = FAMILIES.map(make) as [T, T];
  return { ipv4, ipv6 };
}
