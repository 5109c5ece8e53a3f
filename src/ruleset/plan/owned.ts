import type { Family, Scope } from '../../contract/words/identifiers.ts';
import { jumpsToAny, rulesByChain, type Table, textOf } from '../model.ts';
import { spelledTable } from '../wanted/read-spelled.ts';
import { emptyWanted, type WantedTable } from '../wanted/wanted-table.ts';
import { type Claims, claimedChains, claimedTables } from './claims.ts';

export interface OwnedQuestion {
  scope: Scope;
  claims: Claims;
  family: Family;
  /** The live tables of the family. */
  live: Map<string, Table>;
}

/**
 * Returns what a ruleset has on the host, in the shape of something wanted. So it can be compared with what was committed,
 * reported, and put back. A table in which the ruleset has nothing is left out.
 */
export function extractOwned({ scope, claims, family, live }: OwnedQuestion): Map<string, WantedTable> {
  const owned = new Map<string, WantedTable>();
  for (const name of claimedTables(claims)[family].toSorted()) {
    const table = live.get(name);
    if (table === undefined) continue;
    const part = scope === 'tables' ? spelledTable(table) : ownChains(table, claims, family);
    if (!isEmpty(part)) owned.set(name, part);
  }
  return owned;
}

/** Says whether a table is empty. An empty table is treated like one that does not exist: nft does not tell them apart. */
function isEmpty({ chains, policies, hooks }: WantedTable): boolean {
  const rules = [...chains].some(([chain, list]) => list.length > 0 || !policies.has(chain));
  return !rules && hooks.length === 0 && [...policies.values()].every((policy) => policy === 'ACCEPT');
}

function ownChains(table: Table, claims: Claims, family: Family): WantedTable {
  const owned = claimedChains(claims, { family, table: table.name });
  const rules = rulesByChain(table.rules);
  const chains = new Map(
    [...owned]
      .filter((chain) => table.chains.has(chain))
      .toSorted()
      .map((chain) => [chain, rules.get(chain) ?? []]),
  );
  const hooks = [...rules]
    .filter(([chain]) => !owned.has(chain))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, rulesOfChain]) =>
      rulesOfChain.flatMap((rule) =>
        jumpsToAny(rule, owned) ? [{ rule, target: rule.jump?.target ?? '', position: null }] : [],
      ),
    );
  const around = new Map(hooks.map(({ rule: { chain } }) => [chain, rules.get(chain) ?? []]));
  return { ...emptyWanted(table.name), chains, hooks, around };
}

/** Returns what is owned as text in `iptables-save` form, without counters. Empty if nothing is owned. */
export function renderOwned(tables: Map<string, WantedTable>): string {
  return [...tables.values()].map(renderTable).join('');
}

function renderTable(table: WantedTable): string {
  const chains = [...table.chains.keys()].map(
    (chain) => `:${chain} ${table.policies.get(chain) ?? '-'} [0:0]`,
  );
  const hooks = table.hooks.map(({ rule }) => rule.text);
  const rules = [...table.chains.values()].flat().map(textOf);
  return [`*${table.name}`, ...chains, ...hooks, ...rules, 'COMMIT', ''].join('\n');
}
