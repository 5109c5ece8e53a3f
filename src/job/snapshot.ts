import { FAMILIES, type Family } from '../contract/identifiers.ts';
import { type Claims, claimedTables } from '../ruleset/claims.ts';
import type { Table } from '../ruleset/model.ts';
import { parseRules } from '../ruleset/parse.ts';
import { type PerFamily, perFamily } from '../ruleset/tables.ts';
import type { WantedTable } from '../ruleset/wanted-table.ts';
import { JobFailure } from './failure.ts';
import { type Fence, type Firewall, RestoreFailed } from './ports.ts';
import { toolFailure } from './tool-failure.ts';

export type LiveTables = PerFamily<Map<string, Table>>;

/** A table, and how `iptables-save -c` printed it. */
interface SavedTable extends Table {
  saved: string;
}

/** What was live at one moment: enough to go back to it. */
export type Snapshot = PerFamily<Map<string, SavedTable>>;

/** The tables that a ruleset wants something in or has something in. */
export function concernedTables(
  wanted: PerFamily<Map<string, WantedTable>>,
  claims: Claims,
): PerFamily<string[]> {
  const claimed = claimedTables(claims);
  return perFamily((family) => [...new Set([...wanted[family].keys(), ...claimed[family]])]);
}

/**
 * Reads what is live, with counters. A table that does not exist is not in the answer.
 *
 * @throws {JobFailure} if it cannot be read
 */
export async function takeSnapshot(
  firewall: Firewall,
  fence: Fence,
  tables: PerFamily<string[]>,
): Promise<Snapshot> {
  const live = perFamily(() => new Map<string, SavedTable>());
  await Promise.all(
    FAMILIES.flatMap((family) =>
      tables[family].map(async (name) => {
        const table = await readTable(firewall, fence, family, name);
        if (table !== undefined) live[family].set(name, table);
      }),
    ),
  );
  return live;
}

async function readTable(
  firewall: Firewall,
  fence: Fence,
  family: Family,
  table: string,
): Promise<SavedTable | undefined> {
  const saved = await save(firewall, fence, family, table);
  const { tables, problems } = parseRules(saved);
  const [problem] = problems;
  if (problem !== undefined) {
    throw new JobFailure(
      'host',
      'internal',
      `line ${problem.line} of the live ${family} table ${table} cannot be read: ${problem.reason}`,
    );
  }
  const read = tables.get(table);
  return read === undefined ? undefined : { ...read, saved };
}

async function save(firewall: Firewall, fence: Fence, family: Family, table: string): Promise<string> {
  try {
    return await firewall.save(fence, family, table);
  } catch (error) {
    if (!(error instanceof RestoreFailed)) throw error;
    throw toolFailure(error.fault, {
      stage: 'host',
      family,
      table,
      ruleset: '',
    });
  }
}

/** A snapshot as text … */
export function renderSnapshot(snapshot: Snapshot): PerFamily<string> {
  return perFamily((family) => [...snapshot[family].values()].map(({ saved }) => saved).join(''));
}

/** … and back. */
export function readSnapshot(saved: PerFamily<string>): LiveTables {
  return perFamily((family) => parseRules(saved[family]).tables);
}
