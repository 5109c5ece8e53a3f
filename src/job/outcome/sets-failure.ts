import type { FailureCode } from '../../contract/events/failure.ts';
import type { SetsFailed, SetsFaultKind } from '../ports/lists.ts';
import { isShortage } from '../ports/shortage.ts';
import { JobFailure } from './job-failure.ts';

const HOST_CODES: Partial<Record<SetsFaultKind, FailureCode>> = {
  privilege: 'privilege_missing',
  'not-started': 'backend_unavailable',
};

/** Says what a fault of ipset means for the job. */
export function setsFailure(error: SetsFailed): JobFailure {
  const { kind, message, exitCode, stderr } = error;
  const options = { tool: { command: 'ipset', exitCode, stderr }, cause: error };
  if (kind === 'not-started' && isShortage(error))
    return new JobFailure('host', 'state_unavailable', message, options);
  const host = HOST_CODES[kind];
  if (host !== undefined) return new JobFailure('host', host, message, options);
  if (kind === 'timeout') return new JobFailure('apply', 'apply_timeout', message, options);
  return new JobFailure('apply', 'apply_failed', message, options);
}
