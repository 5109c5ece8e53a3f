import { FAMILIES, type Family } from '../../contract/identifiers.ts';
import { jumpsToAny, type Table } from '../../ruleset/model.ts';
import {
  type Claims,
  chainNames,
  claimedChains,
  claimedTables,
  claimsTable,
} from '../../ruleset/plan/claims.ts';
import { readSavedTables } from '../../ruleset/saved/read-saved.ts';
import { type PerFamily, perFamily, type TableRef } from '../../ruleset/tables.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import { toolFailure } from '../outcome/tool-failure.ts';
import { RestoreFailed } from '../ports/firewall.ts';
import type { LiveRules } from '../ports/session.ts';

export type LiveTables = PerFamily<Map<string, Table>>;

/** What was live at one moment: enough to go back to it. */
export type Snapshot = LiveTables;

/** The tables that a ruleset wants something in or has something in. */
export function concernedTables(
  wanted: PerFamily<Map<string, WantedTable>>,
  claims: Claims,
): PerFamily<string[]> {
  const claimed = claimedTables(claims);
  return perFamily((family) => [...new Set([...wanted[family].keys(), ...claimed[family]])]);
}

/** What a look at the live rules is about: tables, and those who hold chains on this host, as far as they are concerned. */
export interface Concern {
  tables: PerFamily<string[]>;
  holders: readonly { claims: Claims }[];
}

/** … of somebody who wants something, or has it already. */
export function concernOf(intent: {
  wanted: PerFamily<Map<string, WantedTable>>;
  claims: Claims;
  neighbours: readonly { claims: Claims }[];
}): Concern {
  const { wanted, claims, neighbours } = intent;
  return { tables: concernedTables(wanted, claims), holders: [{ claims }, ...neighbours] };
}

/**
 * Reads what is live, with counters. A table that does not exist is not in the answer.
 *
 * @throws {JobFailure} if it cannot be read
 */
export async function takeSnapshot(rules: LiveRules, { tables, holders }: Concern): Promise<Snapshot> {
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
  rules: LiveRules,
  { family, table }: TableRef,
  chains: ReadonlySet<string>,
): Promise<Table | undefined> {
  try {
    return await rules.read(family, table, chains);
  } catch (error) {
    if (!(error instanceof RestoreFailed)) throw error;
    throw toolFailure(error.fault, { stage: 'host', family, table, ruleset: '' });
  }
}

/**
 * A snapshot as text, which is read again line by line …
 *
 * @param claims whose rules are to be put back: of others only the places count, and what cannot be told from its text is left out
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

const PLACE_OF_ANOTHER = '-m comment --comment "a rule of somebody else"';

/** … and back. */
export function readSnapshot(saved: PerFamily<string>): LiveTables {
  return perFamily((family) => readSavedTables(saved[family]));
}
