import { FAMILIES, type Family } from '../../contract/words/identifiers.ts';
import { jumpsToAny, type Table } from '../../ruleset/model.ts';
import {
  type Claims,
  chainNames,
  claimedChains,
  claimedTables,
  claimsTable,
} from '../../ruleset/plan/claims.ts';
import { PLACE_OF_ANOTHER } from '../../ruleset/plan/put-back-hooks.ts';
import { readSavedTables } from '../../ruleset/saved/read-saved.ts';
import { type PerFamily, perFamily, type TableRef } from '../../ruleset/tables.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import { toolFailure } from '../outcome/tool-failure.ts';
import { RestoreFailed } from '../ports/firewall.ts';
import type { RulesReader } from '../ports/session.ts';

export type LiveTables = PerFamily<Map<string, Table>>;

/** The live tables at one moment. Together they are enough to undo a change. */
export type Snapshot = LiveTables;

/** Returns the tables in which the ruleset wants or has something. */
export function concernedTables(
  wanted: PerFamily<Map<string, WantedTable>>,
  claims: Claims,
): PerFamily<string[]> {
  const claimed = claimedTables(claims);
  return perFamily((family) => [...new Set([...wanted[family].keys(), ...claimed[family]])]);
}

/** What to read of the live rules: the tables, and whose chains matter. The reader finds out which rules jump to these chains. */
export interface Concern {
  tables: PerFamily<string[]>;
  holders: readonly { claims: Claims }[];
}

/** Returns what to read for a ruleset that wants something or has something already. */
export function concernOf(intent: {
  wanted: PerFamily<Map<string, WantedTable>>;
  claims: Claims;
  neighbours: readonly { claims: Claims }[];
}): Concern {
  const { wanted, claims, neighbours } = intent;
  return { tables: concernedTables(wanted, claims), holders: [{ claims }, ...neighbours] };
}

/**
 * Reads the live tables, with counters. A table that does not exist is not in the answer.
 *
 * @throws {JobFailure} if a table cannot be read
 */
export async function takeSnapshot(rules: RulesReader, { tables, holders }: Concern): Promise<Snapshot> {
  const chains = chainNames(holders);
  const live: Snapshot = perFamily(() => new Map());
  await Promise.all(
    FAMILIES.flatMap((family) =>
      tables[family].map(async (name) => {
        const table = await readTable(rules, { family, table: name }, chains);
        if (table !== undefined) live[family].set(name, table);
      }),
    ),
  );
  return live;
}

async function readTable(
  rules: RulesReader,
  { family, table }: TableRef,
  chains: ReadonlySet<string>,
): Promise<Table | undefined> {
  try {
    return await rules.read(family, table, chains);
  } catch (error) {
    if (!(error instanceof RestoreFailed)) throw error;
    throw toolFailure(error.fault, { stage: 'host', place: { family, table }, subject: 'reading the rules' });
  }
}

/**
 * Writes a snapshot as text, in the form of `iptables-save -c`, for {@link parseSnapshot}.
 *
 * @param claims whose rules may have to be put back. Of other rules only the position counts: an odd one is written as a
 * placeholder
 */
export function renderSnapshot(snapshot: Snapshot, claims: Claims): PerFamily<string> {
  return perFamily((family) =>
    [...snapshot[family].values()].map((table) => renderTable(table, claims, family)).join(''),
  );
}

function renderTable(table: Table, claims: Claims, family: Family): string {
  const isWhole = claimsTable(claims, { family, table: table.name });
  const owned = claimedChains(claims, { family, table: table.name });
  const chains = [...table.chains.values()].map(
    ({ name, policy, counters }) => `:${name} ${policy ?? '-'} [${counters ?? '0:0'}]`,
  );
  const rules = table.rules.map((rule) => {
    const isOurs = isWhole || owned.has(rule.chain) || jumpsToAny(rule, owned);
    const text = rule.isOdd === true && !isOurs ? `-A ${rule.chain} ${PLACE_OF_ANOTHER}` : rule.text;
    return `[${rule.counters ?? '0:0'}] ${text}`;
  });
  return [`*${table.name}`, ...chains, ...rules, 'COMMIT', ''].join('\n');
}

/** Reads the text of {@link renderSnapshot}. */
export function parseSnapshot(saved: PerFamily<string>): LiveTables {
  return perFamily((family) => readSavedTables(saved[family]));
}
