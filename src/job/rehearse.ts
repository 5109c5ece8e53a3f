import { FAMILIES, type Family } from '../contract/identifiers.ts';
import {
  type Acceptance,
  type Accepted,
  coversAll,
  type Known,
  knownSpelling,
} from '../ruleset/acceptance.ts';
import type { Spellings } from '../ruleset/change.ts';
import { textOf } from '../ruleset/model.ts';
import { hasForeignHooks } from '../ruleset/surroundings.ts';
import { perFamily } from '../ruleset/tables.ts';
import { planTrial } from '../ruleset/trial.ts';
import type { WantedTable } from '../ruleset/wanted-table.ts';
import type { Intent } from './intent.ts';
import type { RehearsalStage } from './ports.ts';
import { refusalFailure } from './refusal-failure.ts';
import type { LiveTables } from './snapshot.ts';
import { tryTable } from './try-table.ts';

export interface Rehearsed {
  /** How many lines were tried. */
  tried: number;
  /**
   * What the kernel took, and how it spells it, once that has been read. Rejects with a {@link JobFailure} if it made
   * something else of it than rules of its lines.
   */
  accepted: Promise<Accepted>;
}

/**
 * Has the kernel try all that is wanted, in namespaces of their own for each table and family, side by side; what it is
 * known to take is not tried again. Resolves as soon as all is known to be taken.
 *
 * @param live is only waited for by tables with hooks in chains of others
 * @throws {JobFailure} of stage `rehearse` with the failing lines of all tables, or of stage `host` if something else
 *   is to blame than a rule
 */
export async function rehearse(
  intent: Intent,
  live: Promise<LiveTables>,
  known: Known,
  stage: RehearsalStage,
): Promise<Rehearsed> {
  const wanted = FAMILIES.flatMap((family) =>
    [...intent.wanted[family].values()].map((table) => ({ family, table })),
  );
  const results = await Promise.all(
    wanted.map(async ({ family, table }) => {
      const before = known[family].get(table.name) ?? [];
      const covering = before.find((acceptance) => coversAll(acceptance, table));
      if (covering !== undefined) return { family, table, tried: 0, accepted: Promise.resolve(covering) };
      const around = hasForeignHooks(table) ? (await live)[family].get(table.name) : undefined;
      const trial = planTrial({ family, table: table.name }, table, around, before);
      return { family, table, tried: trial.lines.length, ...(await tryTable(trial, table, before, stage)) };
    }),
  );
  const refused = results.flatMap((result) => ('refused' in result ? [result.refused] : []));
  const accepted = Promise.all(
    results.map(async (result) =>
      'accepted' in result ? { ...result, accepted: await result.accepted } : null,
    ),
  ).then(gather);
  // Whoever needs it hears of it; until then it is nobody's.
  accepted.catch(() => {});
  if (refused.length > 0) {
    await accepted.catch(() => {});
    throw refusalFailure(intent, refused);
  }
  return { accepted, tried: results.reduce((sum, { tried }) => sum + tried, 0) };
}

function gather(
  results: readonly ({ family: Family; table: WantedTable; accepted: Acceptance } | null)[],
): Accepted {
  const accepted = perFamily(() => new Map<string, Acceptance>());
  for (const result of results) {
    if (result !== null) accepted[result.family].set(result.table.name, result.accepted);
  }
  return accepted;
}

/** How the kernel spells the rules of an intent that it took. */
export function spellingOf({ wanted }: Intent, accepted: Accepted): Spellings {
  return ({ family, table }) => {
    const own = wanted[family].get(table);
    const known = accepted[family].get(table);
    if (own === undefined || known === undefined) return textOf;
    return (rule) => knownSpelling([known], own, rule) ?? rule.text;
  };
}
