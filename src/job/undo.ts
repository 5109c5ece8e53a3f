import { FAMILIES } from '../contract/identifiers.ts';
import { renderChange, type TableChange } from '../ruleset/change.ts';
import { extractOwned, renderOwned } from '../ruleset/owned.ts';
import { planTable } from '../ruleset/plan.ts';
import { asSent } from '../ruleset/spelling.ts';
import { type PerFamily, perFamily } from '../ruleset/tables.ts';
import type { WantedTable } from '../ruleset/wanted.ts';
import type { Intent } from './intent.ts';
import type { Fence, Firewall } from './ports.ts';
import { type LiveTables, takeSnapshot } from './snapshot.ts';

export interface Undone {
  /** Something had changed, and was put back; `false` if nothing had. */
  performed: boolean;
  /** `family table` of each table that is not as it was, though it should be. */
  differs: string[];
}

/**
 * Puts back what the ruleset had in the tables that an apply has touched, as the snapshot has it: by value, so that
 * what others wrote meanwhile stays. Then reads them again, and compares.
 *
 * @throws {RestoreFailed} {@link JobFailure} if the host cannot be read or written
 */
export async function undoChanges(
  intent: Intent,
  attempted: readonly TableChange[],
  snapshot: LiveTables,
  firewall: Firewall,
  fence: Fence,
): Promise<Undone> {
  const tables = perFamily((family) =>
    attempted.filter((change) => change.family === family).map((change) => change.table),
  );
  const wanted = ownedPart(intent, snapshot);
  const changes = planUndo(intent, tables, wanted, await takeSnapshot(firewall, fence, tables));
  for (const change of changes.toReversed()) {
    fence.assertHeld();
    await firewall.restore(fence, {
      family: change.family,
      text: renderChange(change),
      flush: change.replaces,
    });
  }
  const now = ownedPart(intent, await takeSnapshot(firewall, fence, tables));
  const differs = FAMILIES.flatMap((family) =>
    tables[family]
      .filter((table) => renderTable(now, family, table) !== renderTable(wanted, family, table))
      .map((table) => `${family} ${table}`),
  );
  return { performed: changes.length > 0, differs };
}

function planUndo(
  intent: Intent,
  tables: PerFamily<string[]>,
  wanted: PerFamily<Map<string, WantedTable>>,
  live: LiveTables,
): TableChange[] {
  const { name, scope, claims, neighbours } = intent;
  return FAMILIES.flatMap((family) =>
    tables[family].flatMap((table) => {
      const question = {
        name,
        scope,
        family,
        table,
        own: claims,
        neighbours,
        spell: asSent,
      };
      const plan = planTable({
        ...question,
        live: live[family].get(table),
        wanted: wanted[family].get(table),
      });
      return plan.change === null ? [] : [plan.change];
    }),
  );
}

function ownedPart({ scope, claims }: Intent, live: LiveTables): PerFamily<Map<string, WantedTable>> {
  return perFamily((family) => extractOwned({ scope, claims, family, live: live[family] }));
}

function renderTable(
  owned: PerFamily<Map<string, WantedTable>>,
  family: 'ipv4' | 'ipv6',
  table: string,
): string {
  const part = owned[family].get(table);
  return part === undefined ? '' : renderOwned(new Map([[table, part]]));
}
