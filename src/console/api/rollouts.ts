/**
 * What the page asks of its server of rollouts: types alone, shared by both. Times are RFC 3339 in UTC, as hosts and
 * operators wrote them. All texts come from these: they are shown as text, and are never markup.
 */
import type { FailedLine } from '../../contract/events/failure.ts';

/** Rollouts, the newest first, are one of these each. */
export interface RolloutRow {
  rolloutId: string;
  ruleset: { name: string; revision: number };
  startedAt: string;
  /** `running` is what has not ended: whether its process is still there, only the broker knows. */
  status: 'running' | 'paused' | 'completed' | 'stopped' | 'aborted';
  /** Why it ended early. */
  reason: string | null;
  endedAt: string | null;
  /** When the last event of it came about. */
  lastEventAt: string | null;
  /** How many hosts it is for. */
  hosts: number;
  /** How many have ended, each way: outcomes, `silent`, `unroutable`; and `running` and `not_started`. */
  ends: Readonly<Record<string, number>>;
  /** How many of its steps have begun. */
  begun: number;
  steps: number;
  /** Who runs it, or ran it last: `ops on jump-1 (process 4711)`. */
  by: string | null;
}

export interface RolloutAnswer {
  at: string | null;
  rollout: RolloutRow;
  steps: readonly RolloutStep[];
  budgets: readonly { name: 'failed' | 'rolledBack' | 'silent'; used: number; of: number }[];
  onFailure: 'stop' | 'rollback' | 'continue';
  soakSeconds: number;
  /** Why it was begun although there was a freeze. */
  overrideFreeze: string | null;
  gates: readonly Gate[];
  /** Hosts that failed in the same way are one of these; the most hosts first. */
  failures: readonly FailureGroup[];
  /** Hosts that were to go back and have not, by why. */
  notTakenBack: readonly FailureGroup[];
  /** By how they have ended. */
  hostsByEnd: Readonly<Record<string, readonly string[]>>;
}

export interface RolloutStep {
  hosts: number;
  status: 'done' | 'running' | 'not_started';
  ends: Readonly<Record<string, number>>;
}

export interface Gate {
  name: string;
  wanted: string;
  /** Of the last look; `null`: there was none. */
  verdict: 'pass' | 'fail' | 'inconclusive' | null;
  failuresInRow: number;
  /** Failing looks in a row that fail it. */
  failures: number;
  /** The oldest first; no more than the last hundred. */
  looks: readonly GateLookRow[];
}

export interface GateLookRow {
  at: string;
  verdict: 'pass' | 'fail' | 'inconclusive';
  /** `null`: what was found is no number, or nothing was. */
  value: number | null;
  reason: string;
}

export interface FailureGroup {
  /** The first of them. */
  hosts: readonly string[];
  hostCount: number;
  code: string;
  stage: string;
  message: string;
  /** The failing lines with their context, the first of them. */
  lines: readonly FailedLine[];
  lineCount: number;
  /** Tests that did not come out as they have to: what was expected, what came. */
  tests: readonly { name: string; expected: string; got: string }[];
}

/** `GET /api/rollouts?at=TIME` */
export interface RolloutsAnswer {
  at: string | null;
  seq: number;
  rollouts: readonly RolloutRow[];
}
