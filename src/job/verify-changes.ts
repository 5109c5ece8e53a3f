import { FAMILIES } from '../contract/identifiers.ts';
import type { Spelling } from '../ruleset/change.ts';
import { extractOwned } from '../ruleset/owned.ts';
import { type PerFamily, perFamily } from '../ruleset/tables.ts';
import { verifyTable } from '../ruleset/verify.ts';
import { emptyWanted, type WantedTable } from '../ruleset/wanted.ts';
import { JobFailure } from './failure.ts';
import type { Intent } from './intent.ts';
import { concernedTables, type LiveTables } from './snapshot.ts';

/**
 * Holds what is live after an apply against what was wanted.
 *
 * @returns what the ruleset has on the host now, as the kernel spells it
 * @throws {JobFailure} of stage `verify`
 */
export function verifyChanges(
  intent: Intent,
  live: LiveTables,
  spell: PerFamily<Spelling>,
): PerFamily<Map<string, WantedTable>> {
  const { scope, claims, wanted, label } = intent;
  const now = perFamily((family) => extractOwned({ scope, claims, family, live: live[family] }));
  const tables = concernedTables(wanted, claims);
  const mismatches = FAMILIES.flatMap((family) =>
    tables[family].flatMap((table) => {
      const asked = wanted[family].get(table) ?? emptyWanted(table);
      return verifyTable(
        { family, table },
        asked,
        now[family].get(table) ?? emptyWanted(table),
        spell[family],
      );
    }),
  );
  const [first] = mismatches;
  if (first === undefined) return now;
  const place = `${first.family} table ${first.table}, chain ${first.chain}`;
  throw new JobFailure(
    'verify',
    'verify_mismatch',
    `ruleset ${label} was written, but what is live is not it: ${place}: ${first.reason}`,
  );
}
