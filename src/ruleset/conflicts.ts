import { FAMILIES, type Family, type Scope } from '../contract/identifiers.ts';
import { type Claims, claimedChains, claimedTables, claimsTable, type Neighbour } from './claims.ts';
import type { Chain, Table } from './model.ts';
import { jumpTargets } from './options.ts';
import type { PerFamily } from './tables.ts';
import type { WantedTable } from './wanted.ts';

/** Something that the ruleset wants and that is somebody else's; `line` is in the text as it was sent. */
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
  /** What is known to be this ruleset's already. */
  own: Claims;
  adopt: readonly string[];
  neighbours: readonly Neighbour[];
}

/** Holds what is wanted against other rulesets of the host, and against the chains of strangers. */
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
    reason: `ruleset ${name} has chains in table ${table.name}, which this one wants whole`,
  }));
}

function chainConflicts(family: Family, table: WantedTable, question: ConflictQuestion): Conflict[] {
  const ref = { family, table: table.name };
  const conflicts: Conflict[] = [];
  const add = (chain: string, line: number, reason: string) =>
    conflicts.push({ ...ref, line, chain, reason });
  const own = new Set([...claimedChains(question.own, ref), ...question.adopt]);
  const live = question.live[family].get(table.name)?.chains ?? new Map<string, Chain>();
  const foreign = [...live.values()].filter(({ name, policy }) => policy === null && !table.chains.has(name));

  for (const { name, claims } of question.neighbours) {
    const theirs = claimedChains(claims, ref);
    if (claimsTable(claims, ref)) add('', 1, `ruleset ${name} owns table ${table.name} whole`);
    for (const chain of table.chains.keys()) {
      if (theirs.has(chain)) add(chain, lineOf(table, chain), `chain ${chain} is ruleset ${name}'s`);
    }
    for (const { rule } of table.hooks) {
      if (theirs.has(rule.chain))
        add(rule.chain, rule.line, `chain ${rule.chain} is ruleset ${name}'s, and takes no hook of another`);
    }
  }
  for (const [chain, rules] of table.chains) {
    if (live.has(chain) && !own.has(chain) && conflicts.every((known) => known.chain !== chain)) {
      add(
        chain,
        lineOf(table, chain),
        `chain ${chain} is on the host already and is not this ruleset's: name it in adopt to take it over`,
      );
    }
    if (foreign.length === 0) continue;
    for (const rule of rules) {
      const target = jumpTargets(rule.spec).find((name) => foreign.some((other) => other.name === name));
      if (target !== undefined)
        add(chain, rule.line, `jumps to chain ${target}, which this ruleset does not declare`);
    }
  }
  return conflicts;
}

function lineOf(table: WantedTable, chain: string): number {
  return table.declarations.get(chain) ?? 1;
}
