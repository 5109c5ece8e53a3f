import type { Ruleset } from '../contract/job.ts';
import type { Spellings } from '../ruleset/change.ts';
import { findDenied, nameRefusal, scopeRefusal } from '../ruleset/guardrails.ts';
import { quoteLine } from './failed-line.ts';
import { JobFailure } from './failure.ts';
import type { Intent } from './intent.ts';
import type { Ports } from './ports.ts';

/** @throws {JobFailure} `policy_denied`, if the host does not let a ruleset of this name, or of this scope, be touched */
export function assertAllowed(
  ruleset: Pick<Ruleset, 'name'> & Partial<Pick<Ruleset, 'scope'>>,
  { guardrails }: Pick<Ports, 'guardrails'>,
): void {
  if (guardrails === null) return;
  const { name, scope } = ruleset;
  const refusal =
    nameRefusal(guardrails, { name }) ?? (scope === undefined ? null : scopeRefusal(guardrails, { scope }));
  if (refusal !== null) throw new JobFailure('lint', 'policy_denied', refusal);
}

/** @throws {JobFailure} `policy_denied` with every line that the host does not let in */
export async function assertLinesAllowed(
  { wanted, texts, label }: Intent,
  spelled: Promise<{ spell: Spellings }>,
  { guardrails }: Pick<Ports, 'guardrails'>,
): Promise<void> {
  if (guardrails === null) return;
  const denied = findDenied(guardrails, wanted, (await spelled).spell);
  if (denied.length === 0) return;
  const lines = denied
    .toSorted((a, b) => a.family.localeCompare(b.family) || a.line - b.line)
    .map(({ family, line, table, chain, reason }) => ({
      ...quoteLine(texts, family, line),
      table,
      chain,
      reason,
      reportedLine: null,
      confidence: 'verified' as const,
    }));
  const count = lines.length === 1 ? '1 line' : `${lines.length} lines`;
  const message = `${count} of ruleset ${label} against the policy of this host`;
  throw new JobFailure('lint', 'policy_denied', message, { lines });
}
