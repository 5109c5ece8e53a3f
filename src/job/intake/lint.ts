import { FAMILIES } from '../../contract/identifiers.ts';
import type { Ruleset } from '../../contract/job.ts';
import { builtInChains, type PerFamily, perFamily } from '../../ruleset/tables.ts';
import { readWanted } from '../../ruleset/wanted/wanted.ts';
import type { WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import {
  countLines,
  type FoundLine,
  type FoundLines,
  ownFinding,
  quoteLines,
} from '../outcome/failed-line.ts';
import { asJobFailure } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { Intent } from '../plan/intent.ts';
import type { Ports } from '../ports/ports.ts';
import type { RehearsalMemory } from '../ports/rehearsal-memory.ts';
import type { RulesetRecord } from '../ports/stores.ts';
import { rehearse } from '../rehearse/rehearse.ts';

export interface LintedRuleset {
  /** What can be read of it. */
  wanted: PerFamily<Map<string, WantedTable>>;
  /** Lines that cannot be taken; `null` if there are none. */
  failure: JobFailure | null;
}

/** @throws {JobFailure} of stage `lint`, if a ruleset has another scope than what is live */
export function assertSameScope({ name, scope }: Ruleset, record: RulesetRecord | undefined): void {
  if (record?.live && record.scope !== scope) {
    const message = `ruleset ${name} has scope ${record.scope} here: remove it before it is pushed with scope ${scope}`;
    throw new JobFailure('lint', 'ruleset_invalid', message);
  }
}

/** Reads the texts of a ruleset; every line that cannot be taken is named. */
export function lintRuleset(ruleset: Ruleset, rehearsals: RehearsalMemory): LintedRuleset {
  const known = rehearsals.wantedOf(ruleset);
  // What was removed is known as well, and is nothing that could be applied.
  if (known !== null && FAMILIES.some((family) => known[family].size > 0))
    return { wanted: known, failure: null };
  const { tables: wanted, problems } = readWanted(ruleset);
  const lines = problems.map(ownFinding);
  return { wanted, failure: lines.length === 0 ? null : lintFailure(ruleset, lines) };
}

/**
 * A ruleset with lines that cannot be taken does not come near the host; but who mends them wants to know of the others, too,
 * that the kernel would refuse. So what can be read is rehearsed, without hooks in chains that only the host knows.
 */
export async function withRefusedLines(
  failure: JobFailure,
  ruleset: Ruleset,
  intent: Intent,
  { sandbox }: Pick<Ports, 'sandbox'>,
): Promise<JobFailure> {
  const nothing = () => perFamily(() => new Map());
  try {
    const wanted = withoutForeignHooks(intent.wanted);
    await rehearse({ ...intent, wanted }, nothing(), nothing(), sandbox);
    return failure;
  } catch (error) {
    return withMore(ruleset, failure, asJobFailure(error));
  }
}

function withoutForeignHooks(
  wanted: PerFamily<Map<string, WantedTable>>,
): PerFamily<Map<string, WantedTable>> {
  const isBuiltIn = (table: string, chain: string) => builtInChains(table).includes(chain);
  return perFamily(
    (family) =>
      new Map(
        [...wanted[family]].map(([name, table]) => [
          name,
          { ...table, hooks: table.hooks.filter(({ rule }) => isBuiltIn(name, rule.chain)) },
        ]),
      ),
  );
}

function lintFailure(ruleset: Ruleset, found: readonly FoundLine[]): JobFailure {
  const lines = quoteLines(ruleset, found);
  return new JobFailure('lint', 'ruleset_invalid', describe(ruleset, lines), lines);
}

/** The lines that the kernel refuses, besides; those that cannot be taken go first where there is no room for all. */
function withMore(ruleset: Ruleset, failure: JobFailure, more: JobFailure): JobFailure {
  const lines = quoteLines(ruleset, [...failure.lines, ...more.lines]);
  const lineCount =
    failure.lineCount === null || more.lineCount === null ? null : failure.lineCount + more.lineCount;
  const found = { lines: lines.lines, lineCount };
  return new JobFailure('lint', 'ruleset_invalid', describe(ruleset, found), found);
}

function describe({ name, revision }: Ruleset, lines: FoundLines): string {
  return `${countLines(lines, 'line')} of ruleset ${name} revision ${revision} cannot be taken`;
}
