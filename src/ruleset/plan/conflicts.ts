import { FAMILIES, type Family, type Scope } from '../../contract/words/identifiers.ts';
import type { Chain, Table } from '../model.ts';
import type { PerFamily, TableRef } from '../tables.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { type Claims, claimedChains, claimedTables, claimsTable, type Neighbour } from './claims.ts';

/** Something that the ruleset wants and that belongs to somebody else. `line` counts in the text as it was sent. */
export interface Conflict {
  family: Family;
  line: number;
  table: string;
  chain: string;
  reason: string;
}

export interface ConflictQuestion {
  scope: Scope;
  wanted: PerFamily<Map<string, WantedTable>>;
  live: PerFamily<Map<string, Table>>;
  /** What the ruleset already holds. */
  own: Claims;
  adopt: readonly string[];
  neighbours: readonly Neighbour[];
}

/** Compares what is wanted with the other rulesets of the host, and with chains that no ruleset holds. */
export function findConflicts(question: ConflictQuestion): Conflict[] {
  return FAMILIES.flatMap((family) =>
    [...question.wanted[family].values()].flatMap((table) =>
      question.scope === 'tables'
        ? wholeTableConflicts(family, table, question)
        : chainConflicts(family, table, question),
    ),
  );
}

function wholeTableConflicts(
  family: Family,
  table: WantedTable,
  { neighbours }: ConflictQuestion,
): Conflict[] {
  const holders = neighbours.filter(({ claims }) => claimedTables(claims)[family].includes(table.name));
  return holders.map(({ name }) => ({
    family,
    line: 1,
    table: table.name,
    chain: '',
    reason: `ruleset ${name} has chains in table ${table.name}, which this one wants whole: have chains of its own (scope chains), or remove ruleset ${name} first`,
  }));
}

function chainConflicts(family: Family, table: WantedTable, question: ConflictQuestion): Conflict[] {
  const live = question.live[family].get(table.name)?.chains ?? new Map<string, Chain>();
  const ref = { family, table: table.name };
  const found = [
    ...question.neighbours.flatMap((neighbour) => neighbourConflicts(ref, table, neighbour)),
    ...strangerConflicts(ref, table, live, question),
    ...foreignJumps(table, live),
  ];
  const first = new Map(found.toReversed().map((conflict) => [conflict.line, conflict]));
  return found
    .filter((conflict) => first.get(conflict.line) === conflict)
    .map((conflict) => ({ ...ref, ...conflict }));
}

type Found = Omit<Conflict, keyof TableRef>;

function neighbourConflicts(ref: TableRef, table: WantedTable, { name, claims }: Neighbour): Found[] {
  if (claimsTable(claims, ref)) {
    return [{ chain: '', line: 1, reason: `ruleset ${name} owns table ${table.name} whole` }];
  }
  const theirs = claimedChains(claims, ref);
  const taken = [...table.chains.keys()].filter((chain) => theirs.has(chain));
  const hooked = table.hooks.filter(({ rule }) => theirs.has(rule.chain));
  return [
    ...taken.map((chain) => ({
      chain,
      line: lineOf(table, chain),
      reason: `chain ${chain} is ruleset ${name}'s`,
    })),
    ...hooked.map(({ rule: { chain, line } }) => ({
      chain,
      line,
      reason: `chain ${chain} is ruleset ${name}'s, and takes no hook of another`,
    })),
  ];
}

function strangerConflicts(
  ref: TableRef,
  table: WantedTable,
  live: Map<string, Chain>,
  { own, adopt }: ConflictQuestion,
): Found[] {
  const known = new Set([...claimedChains(own, ref), ...adopt]);
  const strange = [...table.chains.keys()].filter((chain) => live.has(chain) && !known.has(chain));
  return strange.map((chain) => ({
    chain,
    line: lineOf(table, chain),
    reason: `chain ${chain} is on the host already and is not this ruleset's: name it in adopt to take it over`,
  }));
}

function foreignJumps(table: WantedTable, live: Map<string, Chain>): Found[] {
  const foreign = new Set(
    [...live.values()]
      .filter(({ name, policy }) => policy === null && !table.chains.has(name))
      .map(({ name }) => name),
  );
  if (foreign.size === 0) return [];
  return [...table.chains.values()]
    .flat()
    .flatMap(({ chain, line, jump }) =>
      jump === null || !foreign.has(jump.target)
        ? []
        : [{ chain, line, reason: `jumps to chain ${jump.target}, which this ruleset does not declare` }],
    );
}

function lineOf(table: WantedTable, chain: string): number {
  return table.declarations.get(chain) ?? 1;
}
