import { FAMILIES } from '../../contract/words/identifiers.ts';
import { type PerFamily, perFamily } from '../../ruleset/tables.ts';
import { type Accepted, coversAll, spellTable } from '../../ruleset/trial/acceptance.ts';
import { knownSpellings } from '../../ruleset/trial/known-spellings.ts';
import { objectsOf } from '../../ruleset/trial/objects.ts';
import { mayMakeOtherFamily } from '../../ruleset/trial/other-family.ts';
import { hasForeignHooks } from '../../ruleset/trial/surroundings.ts';
import { planTrial } from '../../ruleset/trial/trial.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import type { Intent } from '../plan/intent.ts';
import type { LiveTables } from '../plan/snapshot.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import { inTurns, turnOfOthers } from '../time/in-turns.ts';
import { refusalFailure } from './refusal-failure.ts';
import { tryTable } from './try-table.ts';

export interface Rehearsed {
  /** How many lines were rehearsed. */
  tried: number;
  /** What the kernel took, with its spelling. */
  accepted: Accepted;
  /** What is wanted, in the kernel's spelling. Only this spelling is ever written to the host. */
  spelled: PerFamily<Map<string, WantedTable>>;
}

/**
 * Has the kernel try all that is wanted. Each table of each family has its own namespace; all run at the same time. What the
 * kernel is known to take is not tried again.
 *
 * @param live used only for tables that have hooks in chains of others ({@link hasForeignHooks})
 * @throws {JobFailure} of stage `rehearse` with the failing lines of all tables; of stage `host` or `rehearse`, without lines, if
 * no rule is to blame
 */
export async function rehearse(
  intent: Intent,
  live: LiveTables,
  known: Accepted,
  sandbox: Sandbox,
): Promise<Rehearsed> {
  const wanted = FAMILIES.flatMap((family) =>
    [...intent.wanted[family].values()].map((table) => ({ family, table })),
  );
  const results = await Promise.all(
    wanted.map(async ({ family, table }) => {
      const place = { family, table: table.name };
      const before = known[family].get(table.name);
      const spellings = await inTurns(knownSpellings(before, table));
      if (before !== undefined && coversAll(before, table, spellings))
        return { ...place, tried: 0, acceptance: before, spelled: spellTable(table, spellings) };
      const around = hasForeignHooks(table) ? live[family].get(table.name) : undefined;
      await turnOfOthers();
      const trial = planTrial(place, table, around, spellings);
      await turnOfOthers();
      const objects = await sandbox.readObjects(objectsOf(table));
      const tried = await sandbox.within(objects, async (rehearsal) => await tryTable(trial, rehearsal), {
        isOneTable: true,
        isOneFamily: !mayMakeOtherFamily(trial.lines),
      });
      return { ...place, tried: trial.lines.length, ...tried };
    }),
  );
  const refused = results.flatMap((result) => ('refused' in result ? [result.refused] : []));
  if (refused.length > 0) throw refusalFailure(intent, refused);
  const rehearsed: Rehearsed = {
    tried: results.reduce((sum, { tried }) => sum + tried, 0),
    accepted: perFamily(() => new Map()),
    spelled: perFamily(() => new Map()),
  };
  for (const result of results) {
    if ('refused' in result) continue;
    const { family, table, acceptance, spelled } = result;
    if (acceptance !== null) rehearsed.accepted[family].set(table, acceptance);
    rehearsed.spelled[family].set(table, spelled);
  }
  return rehearsed;
}
