import type { FailureCode, Stage } from '../../contract/failure.ts';
import type { Family } from '../../contract/identifiers.ts';
import type { RestoreFault, RestoreFaultKind } from '../ports/restore-fault.ts';
import { JobFailure } from './job-failure.ts';

const HOST_CODES: Partial<Record<RestoreFaultKind, FailureCode>> = {
  'xtables-lock': 'xtables_lock_timeout',
  'lock-file': 'backend_unavailable',
  privilege: 'privilege_missing',
  backend: 'backend_unavailable',
  unreadable: 'foreign_unrepresentable',
};

export interface FaultContext {
  stage: Stage;
  family: Family;
  table: string;
  /** Names the ruleset in the message, such as `edge revision 7`. Empty where the rules were only read. */
  ruleset: string;
}

/** Says what a fault of iptables means for the job. Blames no line: only a rehearsal can show which line fails. */
export function toolFailure(fault: RestoreFault, context: FaultContext): JobFailure {
  const { code, stage } = classify(fault, context);
  const { command, exitCode, stderr } = fault;
  return new JobFailure(stage, code, describeFault(fault, context), {
    tool: { command, exitCode, stderr },
    cause: fault,
  });
}

function classify(
  { kind }: RestoreFault,
  { stage, family }: FaultContext,
): { code: FailureCode; stage: Stage } {
  const hostCode = HOST_CODES[kind];
  if (hostCode !== undefined) return { code: hostCode, stage: 'host' };
  if (kind === 'table-unavailable') {
    return {
      code: family === 'ipv6' ? 'family_unavailable' : 'module_missing',
      stage: 'host',
    };
  }
  if (kind === 'timeout') return { code: 'apply_timeout', stage };
  return { code: 'apply_failed', stage };
}

function describeFault(fault: RestoreFault, { ruleset, family, table }: FaultContext): string {
  const subject = ruleset === '' ? 'reading the rules' : `ruleset ${ruleset}`;
  return `${subject}: ${fault.command} failed for the ${family} table ${table}: ${fault.message}`;
}
