import type { FailureCode, Stage } from '../../contract/events/failure.ts';
import type { Family } from '../../contract/words/identifiers.ts';
import type { RestoreFault, RestoreFaultKind } from '../ports/restore-fault.ts';
import { isShortage } from '../ports/shortage.ts';
import { JobFailure } from './job-failure.ts';

const HOST_CODES: Partial<Record<RestoreFaultKind, FailureCode>> = {
  'xtables-lock': 'xtables_lock_timeout',
  'lock-file': 'backend_unavailable',
  privilege: 'privilege_missing',
  backend: 'backend_unavailable',
  'not-started': 'backend_unavailable',
  unreadable: 'foreign_unrepresentable',
};

export interface FaultContext {
  stage: Stage;
  /** Where it is known. */
  place: { family: Family; table: string } | null;
  /** What the message begins with, such as `ruleset edge revision 7`. */
  subject: string;
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
  { kind, cause }: RestoreFault,
  { stage, place }: FaultContext,
): { code: FailureCode; stage: Stage } {
  const hostCode = kind === 'not-started' && isShortage(cause) ? 'state_unavailable' : HOST_CODES[kind];
  if (hostCode !== undefined) return { code: hostCode, stage: 'host' };
  if (kind === 'table-unavailable') {
    return {
      code: place?.family === 'ipv6' ? 'family_unavailable' : 'module_missing',
      stage: 'host',
    };
  }
  if (kind === 'timeout') return { code: 'apply_timeout', stage };
  return { code: 'apply_failed', stage };
}

function describeFault({ command, message }: RestoreFault, { subject, place }: FaultContext): string {
  const where = place === null ? '' : ` for the ${place.family} table ${place.table}`;
  return `${subject}: ${command} failed${where}: ${message}`;
}
