import type { Ruleset } from '../contract/job.ts';
import type { PerFamily } from '../ruleset/tables.ts';
import type { WantedTable } from '../ruleset/wanted.ts';
import { readWanted } from '../ruleset/wanted.ts';
import { quoteLine } from './failed-line.ts';
import { JobFailure } from './failure.ts';
import type { RulesetRecord } from './ports.ts';

const MOST_LINES = 20;

/**
 * Reads the texts of a ruleset; every line that cannot be taken is named.
 *
 * @throws {JobFailure} of stage `lint`
 */
export function lintRuleset(
  ruleset: Ruleset,
  record: RulesetRecord | undefined,
): PerFamily<Map<string, WantedTable>> {
  if (record?.live && record.scope !== ruleset.scope) {
    const message = `ruleset ${ruleset.name} has scope ${record.scope} here: remove it before it is pushed with scope ${ruleset.scope}`;
    throw new JobFailure('lint', 'ruleset_invalid', message);
  }
  const { tables, problems } = readWanted(ruleset);
  if (problems.length === 0) return tables;
  const lines = problems.slice(0, MOST_LINES).map((problem) => ({
    ...quoteLine(ruleset, problem.family, problem.line),
    table: problem.table,
    chain: problem.chain,
    reason: problem.reason,
    reportedLine: null,
    confidence: 'verified' as const,
  }));
  const count = problems.length === 1 ? '1 line' : `${problems.length} lines`;
  throw new JobFailure(
    'lint',
    'ruleset_invalid',
    `${count} of ruleset ${ruleset.name} revision ${ruleset.revision} cannot be taken`,
    { lines },
  );
}
