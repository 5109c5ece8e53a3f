import type { Ruleset } from '../../contract/jobs/job.ts';
import { FAMILIES } from '../../contract/words/identifiers.ts';
import { builtInChains, type PerFamily, perFamily } from '../../ruleset/tables.ts';
import { readWantedSteps } from '../../ruleset/wanted/wanted.ts';
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
import { inTurns } from '../time/in-turns.ts';

export interface LintedRuleset {
  /** What the worker could read of the texts. */
  wanted: PerFamily<Map<string, WantedTable>>;
  /** The lines that the worker cannot accept; `null` if there are none. */
  failure: JobFailure | null;
}

/** @throws {JobFailure} of stage `lint`, if the ruleset's scope is not the scope of what is live */
export function assertSameScope({ name, scope }: Ruleset, record: RulesetRecord | undefined): void {
  if (record?.live && record.scope !== scope) {
    const message = `ruleset ${name} has scope ${record.scope} here: remove it before it is pushed with scope ${scope}`;
    throw new JobFailure('lint', 'ruleset_invalid', message);
  }
}

/** Reads the texts of a ruleset. Names every line that it cannot accept. */
export async function lintRuleset(ruleset: Ruleset, rehearsals: RehearsalMemory): Promise<LintedRuleset> {
  const known = rehearsals.wantedOf(ruleset);
  // A removed ruleset is remembered, too, with no tables. That is never a ruleset to apply.
  if (known !== null && FAMILIES.some((family) => known[family].size > 0))
    return { wanted: known, failure: null };
  const { tables: wanted, problems } = await inTurns(readWantedSteps(ruleset));
  const lines = problems.map(ownFinding);
  return { wanted, failure: lines.length === 0 ? null : lintFailure(ruleset, lines) };
}

/**
 * Adds the lines that the kernel would refuse to those that the worker cannot accept: whoever mends the text wants to see all of
 * them. Rehearses what could be read, without hooks in chains that only the host has. Nothing of it goes live.
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

/** Adds the lines that the kernel refuses. They come last, and so are cut first if there are too many. */
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
