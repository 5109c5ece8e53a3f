import { chainOf } from '../../ruleset/trial/trial.ts';
import { countLines, type FoundLine, quoteLines } from '../outcome/failed-line.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { toolFailure } from '../outcome/tool-failure.ts';
import type { Intent } from '../plan/intent.ts';
import type { RefusedTable } from './restore-lines.ts';
import { NO_REASON, type Refusal, type Verdict } from './verdict.ts';

/** Says what refused tables mean for the job: the failing rules, or, if no rule is to blame, the first thing that is. */
export function refusalFailure(intent: Intent, refused: readonly RefusedTable[]): JobFailure {
  const found = refused.flatMap((table) => refusedLines(table));
  const missing = refused.flatMap(({ refusals }) => refusals.filter(isMissing));
  const first = refused.find(({ refusals }) => refusals.some((refusal) => !isMissing(refusal)));
  if (first !== undefined) {
    const isAll = refused.every((table) => table.isAll);
    if (found.length === 0) return unknownLine(intent, first);
    const lines = quoteLines(intent.texts, found, isAll);
    const also = missing.length === 0 ? '' : `; besides, ${describeMissing(missing)}`;
    const count = isAll
      ? countLines(lines, 'rule')
      : `at least ${found.length} rule${found.length === 1 ? '' : 's'}`;
    const message = `${count} of ruleset ${intent.label} ${found.length === 1 ? 'was' : 'were'} rejected${also}`;
    return new JobFailure('rehearse', 'rule_rejected', message, { ...lines, tool: toolOf(first.verdict) });
  }
  const [other] = refused;
  if (other === undefined) throw new Error('nothing was refused');
  const { trial, verdict, refusals } = other;
  if (missing.length > 0 && refusals.length > 0) {
    const message = `ruleset ${intent.label} cannot be applied: ${describeMissing(missing)}`;
    return new JobFailure('host', 'module_missing', message, { tool: toolOf(verdict) });
  }
  const { family, table } = trial;
  return toolFailure(verdict.fault, {
    stage: 'rehearse',
    place: { family, table },
    subject: `ruleset ${intent.label}`,
  });
}

/** Of a rule that several commands may have made, `-D` by its text among them: to name one of them would be a guess. */
function unknownLine({ label }: Intent, { trial, verdict, refusals }: RefusedTable): JobFailure {
  const rule = refusals.find((refusal) => !isMissing(refusal));
  const text = rule === undefined ? '' : ` by the rule "${rule.line.text}"`;
  const said = rule?.verdict.fault.message ?? verdict.fault.message;
  const message = `ruleset ${label} was rejected${text} of ${trial.family} table ${trial.table}: ${said}; which line makes it is not known`;
  return new JobFailure('rehearse', 'rule_rejected', message, { tool: toolOf(verdict) });
}

function refusedLines({ trial, verdict, refusals }: RefusedTable): FoundLine[] {
  const named = new Set(verdict.named.map(({ line }) => line));
  return refusals
    .filter((refusal) => !isMissing(refusal) && isKnown(refusal))
    .map(({ line, verdict: alone }) => {
      const said = alone.named.find((other) => other.line === line)?.reason ?? alone.fault.message;
      return {
        family: trial.family,
        line: line.source ?? 0,
        table: trial.table,
        chain: chainOf(line),
        reason: alone.fault.kind === 'commit' ? NO_REASON : said,
        reportedLine: named.has(line) ? line.source : reportedElsewhere(trial.wanted.commitLine, verdict),
        confidence: 'verified',
      };
    });
}

/** Returns the line that iptables named instead of the failing one: another line, or COMMIT. */
function reportedElsewhere(commitLine: number | null, { fault, named }: Verdict): number | null {
  const [other] = named;
  if (other !== undefined) return other.line.source;
  return fault.lines.length > 0 ? commitLine : null;
}

/** Whether it is known which line of the sent text makes the rule. */
function isKnown({ line: { source } }: Refusal): boolean {
  return source !== null && source > 0;
}

/** The kernel lacks an extension that the rule needs. The rule itself is not wrong. */
function isMissing({ verdict }: Refusal): boolean {
  return verdict.fault.missing !== undefined;
}

function describeMissing(refusals: readonly Refusal[]): string {
  const names = [...new Set(refusals.flatMap(({ verdict }) => verdict.fault.missing ?? []))];
  const lines = refusals.map(({ line }) => line.source).join(', ');
  const modules = names.map((name) => `xt_${name}`).join(', ');
  return `this kernel has no ${names.join(', ')}, which line ${lines} needs: load the module ${modules}, or leave the line out`;
}

function toolOf({ fault: { command, exitCode, stderr } }: Verdict) {
  return { command, exitCode, stderr };
}
