import type { FailedLine } from '../contract/event.ts';
import type { FailureCode, Stage } from '../contract/failure.ts';
import type { Family } from '../contract/identifiers.ts';
import { JobFailure } from './failure.ts';
import type { RestoreFault, RestoreFaultKind } from './restore-fault.ts';

const HOST_CODES: Partial<Record<RestoreFaultKind, FailureCode>> = {
  'xtables-lock': 'xtables_lock_timeout',
  'lock-file': 'backend_unavailable',
  privilege: 'privilege_missing',
  backend: 'backend_unavailable',
  unreadable: 'foreign_unrepresentable',
};

export interface FaultPlace {
  stage: Stage;
  family: Family;
  table: string;
  /** For the message, such as `edge revision 7`; empty where the rules were only read. */
  ruleset: string;
  lines: FailedLine[];
}

/** What a fault of iptables means for the job: only a fault of a rule is laid at a rule's door. */
export function toolFailure(fault: RestoreFault, place: FaultPlace): JobFailure {
  const { code, stage } = classify(fault, place);
  const message = code === 'rule_rejected' ? describeRejection(place) : describeFault(fault, place);
  const { command, exitCode, stderr } = fault;
  return new JobFailure(stage, code, message, {
    lines: place.lines,
    tool: { command, exitCode, stderr },
    cause: fault,
  });
}

function classify(
  { kind }: RestoreFault,
  { stage, family, lines }: FaultPlace,
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
  if (lines.length > 0) return { code: 'rule_rejected', stage };
  return { code: 'apply_failed', stage };
}

function describeRejection({ ruleset, lines, family, table }: FaultPlace): string {
  const known = lines.filter((line) => line.confidence !== 'unknown');
  if (known.length === 0) {
    return `a rule of ruleset ${ruleset} was rejected in the ${family} table ${table}, and iptables did not say which`;
  }
  const rules = known.length === 1 ? '1 rule' : `${known.length} rules`;
  return `${rules} of ruleset ${ruleset} ${known.length === 1 ? 'was' : 'were'} rejected`;
}

function describeFault(fault: RestoreFault, { ruleset, family, table }: FaultPlace): string {
  const subject = ruleset === '' ? 'reading the rules' : `ruleset ${ruleset}`;
  return `${subject}: ${fault.command} failed for the ${family} table ${table}: ${fault.message}`;
}
