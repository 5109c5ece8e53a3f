import type { Ruleset } from '../../contract/jobs/job.ts';
import { findDenied, nameDenial, scopeDenial } from '../../ruleset/policy/guardrails.ts';
import { countLines, ownFinding, quoteLines } from '../outcome/failed-line.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { Ports } from '../ports/ports.ts';
import type { Intent } from './intent.ts';
import type { LiveTables } from './snapshot.ts';

/** @throws {JobFailure} `policy_denied`, if the host's policy forbids rulesets of this name or of this scope */
export function assertAllowed(
  ruleset: Pick<Ruleset, 'name'> & Partial<Pick<Ruleset, 'scope'>>,
  { guardrails }: Pick<Ports, 'guardrails'>,
): void {
  if (guardrails === null) return;
  const { name, scope } = ruleset;
  const denial =
    nameDenial(guardrails, { name }) ?? (scope === undefined ? null : scopeDenial(guardrails, { scope }));
  if (denial !== null) throw new JobFailure('lint', 'policy_denied', denial);
}

/** @throws {JobFailure} `policy_denied`, with every line that the host's policy forbids */
export function assertLinesAllowed(
  { wanted, texts, label }: Intent,
  live: LiveTables,
  { guardrails }: Pick<Ports, 'guardrails'>,
): void {
  if (guardrails === null) return;
  const denied = findDenied(guardrails, wanted, live);
  const [first] = denied;
  if (first === undefined) return;
  // Of a table of commands, the line that made a rule may not be known. Any other line would mislead.
  const known = denied.filter(({ line }) => line > 0);
  if (known.length === 0) {
    const place = `table ${first.table ?? ''}${first.chain === null ? '' : `, chain ${first.chain}`}`;
    const message = `ruleset ${label} is against the policy of this host: ${first.reason} (${place}; the line is not known)`;
    throw new JobFailure('lint', 'policy_denied', message);
  }
  const lines = quoteLines(texts, known.map(ownFinding));
  const message = `${countLines(lines, 'line')} of ruleset ${label} ${lines.lineCount === 1 ? 'is' : 'are'} against the policy of this host`;
  throw new JobFailure('lint', 'policy_denied', message, lines);
}
