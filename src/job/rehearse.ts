import { FAMILIES } from '../contract/identifiers.ts';
import {
  type Acceptance,
  type Accepted,
  coversAll,
  type Known,
  knownSpelling,
  rulesOf,
} from '../ruleset/acceptance.ts';
import type { Spelling } from '../ruleset/change.ts';
import { type PerFamily, perFamily } from '../ruleset/tables.ts';
import { planTrial } from '../ruleset/trial.ts';
import type { Intent } from './intent.ts';
import type { RehearsalStage } from './ports.ts';
import { refusalFailure } from './refusal-failure.ts';
import type { LiveTables } from './snapshot.ts';
import { tryTable } from './try-table.ts';

/**
 * Has the kernel try all that is wanted, in namespaces of their own for each table and family, side by side; what it is
 * known to take is not tried again. `tried` counts the lines that were.
 *
 * @throws {JobFailure} of stage `rehearse` with the failing lines of all tables, or of stage `host` if something else
 *   is to blame than a rule
 */
export async function rehearse(
  intent: Intent,
  live: LiveTables,
  known: Known,
  stage: RehearsalStage,
): Promise<{ accepted: Accepted; tried: number }> {
  const wanted = FAMILIES.flatMap((family) =>
    [...intent.wanted[family].values()].map((table) => ({ family, table })),
  );
  const results = await Promise.all(
    wanted.map(async ({ family, table }) => {
      const before = known[family].get(table.name) ?? [];
      const accepted = before.find((acceptance) => coversAll(acceptance, table));
      if (accepted !== undefined) return { family, table, accepted, tried: 0 };
      const trial = planTrial({ family, table: table.name }, table, live[family].get(table.name), before);
      return { family, table, tried: trial.lines.length, ...(await tryTable(trial, table, before, stage)) };
    }),
  );
  const refused = results.flatMap((result) => ('refused' in result ? [result.refused] : []));
  if (refused.length > 0) throw refusalFailure(intent, refused);
  const accepted = perFamily(() => new Map<string, Acceptance>());
  for (const result of results) {
    if ('accepted' in result) accepted[result.family].set(result.table.name, result.accepted);
  }
  return { accepted, tried: results.reduce((sum, { tried }) => sum + tried, 0) };
}

/** How the kernel spells the rules of an intent that it took. */
export function spellingOf({ wanted }: Intent, accepted: Accepted): PerFamily<Spelling> {
  return perFamily((family) => {
    const spelled = new Map<string, string>();
    for (const table of wanted[family].values()) {
      const known = accepted[family].get(table.name);
      if (known === undefined) continue;
      for (const rule of rulesOf(table)) {
        spelled.set(rule.text, knownSpelling([known], table, rule) ?? rule.text);
      }
    }
    return (rule) => spelled.get(rule.text) ?? rule.text;
  });
}
