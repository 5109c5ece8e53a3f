import { FAMILIES } from '../../contract/words/identifiers.ts';
import { diffLists } from '../../ruleset/plan/diff.ts';
import { extractOwned, renderOwned } from '../../ruleset/plan/owned.ts';
import { planTable } from '../../ruleset/plan/plan-table.ts';
import { renderChange, type TableChange } from '../../ruleset/plan/table-change.ts';
import { type PerFamily, perFamily, type TableRef } from '../../ruleset/tables.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import type { Intent } from '../plan/intent.ts';
import { type LiveTables, takeSnapshot } from '../plan/snapshot.ts';
import type { LiveRules } from '../ports/session.ts';

/** The ruleset whose rules are put back. */
export type UndoSubject = Pick<Intent, 'name' | 'revision' | 'scope' | 'claims' | 'neighbours'>;

/** A table that the change had written, or tried to write. */
export interface UndoneTable extends TableRef {
  /** Whether the undo had to write this table. */
  performed: boolean;
  /** A line that differs from before, although it should not; `null` if all is as before. */
  differs: string | null;
}

/** Other programs may write to the same chains during the undo. */
const MOST_ROUNDS = 4;

/**
 * Puts back what the ruleset had in the tables that a change has touched, as the snapshot has it. Compares rules by value, so
 * that what others wrote meanwhile stays. Then reads the tables again and compares them with the snapshot.
 *
 * @throws {RestoreFailed | JobFailure} if the host cannot be read or written
 */
export async function undoChanges(
  subject: UndoSubject,
  touched: readonly TableRef[],
  snapshot: LiveTables,
  rules: LiveRules,
): Promise<UndoneTable[]> {
  const tables = perFamily((family) => [
    ...new Set(touched.filter((ref) => ref.family === family).map((ref) => ref.table)),
  ]);
  const concern = { tables, holders: [subject, ...subject.neighbours] };
  const wanted = ownedPart(subject, snapshot);
  const written = new Set<string>();
  let live = await takeSnapshot(rules, concern);
  let changes = planUndo(subject, tables, wanted, live);
  for (let round = 1; changes.length > 0 && round <= MOST_ROUNDS; round += 1) {
    for (const change of changes.toReversed()) {
      const { family, table, replaces: flush } = change;
      await rules.restore({ family, text: renderChange(change), flush });
      written.add(`${family} ${table}`);
    }
    live = await takeSnapshot(rules, concern);
    changes = planUndo(subject, tables, wanted, live);
  }
  const now = ownedPart(subject, live);
  return FAMILIES.flatMap((family) =>
    tables[family].map((table) => ({
      family,
      table,
      performed: written.has(`${family} ${table}`),
      differs:
        firstDifference(renderTable(wanted, family, table), renderTable(now, family, table)) ??
        (changes.some((change) => change.family === family && change.table === table)
          ? 'a hook stands elsewhere in its chain'
          : null),
    })),
  );
}

function firstDifference(wanted: string, now: string): string | null {
  if (wanted === now) return null;
  const { added, removed } = diffLists(now.split('\n'), wanted.split('\n'));
  if (added[0] !== undefined) return `"${added[0]}" is missing`;
  return removed[0] === undefined ? 'lines are in another order' : `"${removed[0]}" is there`;
}

function planUndo(
  subject: UndoSubject,
  tables: PerFamily<string[]>,
  wanted: PerFamily<Map<string, WantedTable>>,
  live: LiveTables,
): TableChange[] {
  const { name, scope, claims, neighbours } = subject;
  return FAMILIES.flatMap((family) =>
    tables[family].flatMap((table) => {
      const own = claims;
      const now = live[family].get(table);
      const then = wanted[family].get(table);
      const plan = planTable({
        name,
        scope,
        family,
        table,
        own,
        neighbours,
        rewrite: true,
        live: now,
        wanted: then,
      });
      return plan.change === null ? [] : [plan.change];
    }),
  );
}

function ownedPart({ scope, claims }: UndoSubject, live: LiveTables): PerFamily<Map<string, WantedTable>> {
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
