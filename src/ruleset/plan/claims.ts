import { FAMILIES, type Scope } from '../../contract/words/identifiers.ts';
import { type ChainRef, type PerFamily, perFamily, type TableRef } from '../tables.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';

/** What a ruleset holds on a host, or may hold after a change that was cut short. */
export interface Claims {
  /** Whole tables (scope `tables`). */
  tables: TableRef[];
  /** Single chains (scope `chains`). */
  chains: ChainRef[];
  hooks: HookClaim[];
}

interface HookClaim extends ChainRef {
  target: string;
  /** Whether the hook stands at the head of its chain (`-I`). */
  first: boolean;
  /** The rule in the kernel's spelling. Missing in records of the first workers. */
  text?: string | undefined;
}

/** A hook that was put last, in a chain in which hooks of other rulesets may stand. */
export interface AppendedHook extends TableRef {
  /** The rule in the kernel's spelling. */
  text: string;
  /** The greater, the later it was put there. */
  order: number;
}

/** The claims of another ruleset of the same host. */
export interface Neighbour {
  name: string;
  claims: Claims;
  appended?: readonly AppendedHook[];
}

export const NO_CLAIMS: Claims = { tables: [], chains: [], hooks: [] };

export function claimsOf(scope: Scope, wanted: PerFamily<Map<string, WantedTable>>): Claims {
  const claims: Claims = { tables: [], chains: [], hooks: [] };
  for (const family of FAMILIES) {
    for (const { name: table, chains, hooks } of wanted[family].values()) {
      if (scope === 'tables') {
        claims.tables.push({ family, table });
        continue;
      }
      for (const chain of chains.keys()) claims.chains.push({ family, table, chain });
      for (const { rule, target, position } of hooks) {
        claims.hooks.push({
          family,
          table,
          chain: rule.chain,
          target,
          first: position === 'first',
          text: rule.text,
        });
      }
    }
  }
  return claims;
}

/** Returns what at least one of the two holds. */
export function mergeClaims(a: Claims, b: Claims): Claims {
  return {
    tables: unique([...a.tables, ...b.tables]),
    chains: unique([...a.chains, ...b.chains]),
    hooks: unique([...a.hooks, ...b.hooks]),
  };
}

function unique<T>(refs: T[]): T[] {
  const seen = new Map(refs.map((ref) => [JSON.stringify(ref), ref]));
  return [...seen.values()];
}

/** Returns, for each family, the tables in which a claim lies. */
export function claimedTables(claims: Claims): PerFamily<string[]> {
  const refs: TableRef[] = [...claims.tables, ...claims.chains, ...claims.hooks];
  return perFamily((family) => [
    ...new Set(refs.filter((ref) => ref.family === family).map((ref) => ref.table)),
  ]);
}

export function claimedChains(claims: Claims, { family, table }: TableRef): Set<string> {
  const here = claims.chains.filter((ref) => ref.family === family && ref.table === table);
  return new Set(here.map((ref) => ref.chain));
}

/** Returns the names of all chains that rulesets hold. For these, iptables is asked which odd rules jump to them. */
export function chainNames(holders: readonly { claims: Claims }[]): Set<string> {
  return new Set(holders.flatMap(({ claims }) => claims.chains.map(({ chain }) => chain)));
}

export function claimsTable(claims: Claims, { family, table }: TableRef): boolean {
  return claims.tables.some((ref) => ref.family === family && ref.table === table);
}
