import { RulesetName } from '../../src/contract/words/identifiers.ts';

/**
 * What operators search the log for: a line about a ruleset has its name in `ruleset` and its number in `revision`, or `null` where
 * nothing is committed.
 *
 * @throws {Error} with the first line that has not
 */
export function assertNamesRulesets(log: string): void {
  for (const line of log.split('\n')) {
    if (!line.includes('"ruleset":')) continue;
    const fields = parse(line);
    if (fields?.ruleset === undefined) continue;
    const { ruleset, revision } = fields;
    const isNumbered = revision === null || Number.isInteger(revision);
    if (!RulesetName.safeParse(ruleset).success || !isNumbered)
      throw new Error(`a line of the log does not name its ruleset and revision: ${line}`);
  }
}

/** The last line may have been cut short by the end of the worker. */
function parse(line: string): { ruleset?: unknown; revision?: unknown } | null {
  try {
    return JSON.parse(line) as { ruleset?: unknown; revision?: unknown };
  } catch {
    return null;
  }
}
