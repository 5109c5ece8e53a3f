import type {
  Diff,
  JobCompleted,
  Outcome,
  ReportedList,
  ReportedRuleset,
  Rollback,
} from '../../contract/events/event.ts';
import type { FailureCode, Stage } from '../../contract/events/failure.ts';
import { RestoreFailed } from '../ports/firewall.ts';
import { LockLost, LockTimeout } from '../ports/host-lock.ts';
import { SetsFailed } from '../ports/lists.ts';
import { RehearsalUnavailable, SandboxIncomplete } from '../ports/sandbox.ts';
import { isShortage, messageOf } from '../ports/shortage.ts';
import { StateUnavailable } from '../ports/stores.ts';
import { JobFailure } from './job-failure.ts';
import { setsFailure } from './sets-failure.ts';
import { toolFailure } from './tool-failure.ts';

/** How a job ended, before that is put into an event. */
export interface JobEnd {
  outcome: Outcome;
  changed: boolean;
  diff: Diff | null;
  failure: JobFailure | null;
  rollback: Rollback;
  report: { rulesets: ReportedRuleset[]; lists?: ReportedList[] } | null;
  ruleset: JobCompleted['ruleset'];
  /** How its tests came out, if there were any. */
  tests?: JobCompleted['tests'];
  /** The rest is of jobs of lists. */
  list?: JobCompleted['list'];
  counts?: JobCompleted['counts'];
  skipped?: readonly string[];
}

const NO_ROLLBACK: Rollback = {
  performed: false,
  reason: null,
  verified: null,
};

export function ended(outcome: Outcome, end: Partial<JobEnd> = {}): JobEnd {
  return {
    outcome,
    changed: false,
    diff: null,
    failure: null,
    rollback: NO_ROLLBACK,
    report: null,
    ruleset: null,
    ...end,
  };
}

const REJECTING = new Set<Stage>(['decode', 'authorise', 'admit', 'lint']);

/**
 * Makes the end of a job from an error. The failure's stage gives the outcome: `rejected` up to lint (the host was not touched),
 * `rolled_back` if the change was applied and not confirmed, else `failed`.
 */
export function failed(error: unknown, end: Partial<JobEnd> = {}): JobEnd {
  const failure = asJobFailure(error);
  return ended(outcomeOf(failure.stage), { ...end, failure });
}

function outcomeOf(stage: Stage): Outcome {
  if (REJECTING.has(stage)) return 'rejected';
  return stage === 'confirm' ? 'rolled_back' : 'failed';
}

export function asJobFailure(error: unknown): JobFailure {
  if (error instanceof JobFailure) return error;
  if (error instanceof RestoreFailed)
    return toolFailure(error.fault, { stage: 'rehearse', place: null, subject: 'trying the rules' });
  if (error instanceof SetsFailed) return setsFailure(error);
  const code = codeOf(error);
  const message = error instanceof Error ? messageOf(error) : String(error);
  return new JobFailure(
    'host',
    code,
    code === 'internal' ? `an error in fleetwall itself: ${message}` : message,
    { cause: error },
  );
}

function codeOf(error: unknown): FailureCode {
  if (error instanceof LockTimeout || error instanceof LockLost) return 'lock_timeout';
  if (error instanceof StateUnavailable) return 'state_unavailable';
  if (error instanceof RehearsalUnavailable) return 'privilege_missing';
  if (error instanceof SandboxIncomplete) return 'backend_unavailable';
  if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return 'lock_timeout';
  return isShortage(error) ? 'state_unavailable' : 'internal';
}
