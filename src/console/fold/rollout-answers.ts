import { describeOwner } from '../../central/rollout/describe-owner.ts';
import type { GateProgress } from '../../central/rollout/gate-progress.ts';
import { groupFailures, notTakenBack } from '../../central/rollout/group-failures.ts';
import { countSpent } from '../../central/rollout/rollout-decision.ts';
import type { RolloutState } from '../../central/rollout/rollout-state.ts';
import { countEnds, endsOf, toldSteps } from '../../central/rollout/told-ends.ts';
import type { Failure } from '../../contract/events/failure.ts';
import type { FailureGroup, Gate, RolloutAnswer, RolloutRow } from '../api/rollouts.ts';
import type { RolloutPast } from './rollout-past.ts';

const MOST_NAMED = 50;

/** @param now at which it is looked at, in milliseconds since 1970 */
export function rolloutRow(
  { startedAt }: Pick<RolloutPast, 'startedAt'>,
  state: RolloutState,
  now: number,
): RolloutRow {
  const { record, ended, owner, lastEventAt } = state;
  return {
    rolloutId: record.rolloutId,
    ruleset: record.ruleset,
    startedAt,
    status: ended?.status ?? (state.isPaused ? 'paused' : 'running'),
    reason: ended?.reason ?? null,
    endedAt: ended === null ? null : lastEventAt,
    lastEventAt,
    hosts: record.hosts.length,
    ends: countEnds(Object.values(endsNow(state, now))),
    begun: state.step + 1,
    steps: record.steps.length,
    by: owner === null ? null : describeOwner(owner),
  };
}

export function rolloutAnswer(
  past: RolloutPast,
  state: RolloutState,
  at: string | null,
  now: number,
): RolloutAnswer {
  const { record, gates } = state;
  const ends = endsNow(state, now);
  const spent = countSpent(state, now);
  return {
    at,
    rollout: rolloutRow(past, state, now),
    steps: toldSteps(state, ends).map(({ hosts, status }) => ({
      hosts: hosts.length,
      status,
      ends: countEnds(hosts.map((host) => ends[host] ?? 'not_started')),
    })),
    budgets: (['failed', 'rolledBack', 'silent'] as const).map((name) => ({
      name,
      used: spent[name],
      of: record.budgets[name],
    })),
    onFailure: record.onFailure,
    soakSeconds: record.soakSeconds,
    overrideFreeze: record.overrideFreeze ?? null,
    gates: [...gates].map(([name, progress]) => gateOf(name, progress, record.gates?.failures ?? 1)),
    failures: groupFailures(state, ({ failure }) => failure).map(({ hosts, failure }) =>
      groupOf(hosts, failure),
    ),
    notTakenBack: notTakenBack(state).map(({ hosts, failure, why }) =>
      groupOf(hosts, failure ?? (why === 'not_run' ? NOT_RUN : NO_ANSWER)),
    ),
    hostsByEnd: hostsByEnd(ends),
  };
}

/** Who said nothing when it was over is known from its end. */
function endsNow(state: RolloutState, now: number): Record<string, string> {
  return state.ended?.hosts ?? endsOf(state, now);
}

const NO_ANSWER = {
  code: 'silent',
  stage: '-',
  message: 'no answer to the job that takes it back, which waits for them',
  lines: [],
};

const NOT_RUN = {
  ...NO_ANSWER,
  code: 'not_run',
  message:
    'the job that takes it back was not run: it has expired, was cancelled, or gave way to a newer one',
};

function groupOf(
  hosts: readonly string[],
  {
    code,
    stage,
    message,
    lines,
    lineCount,
    tests,
  }: Pick<Failure, 'message' | 'lines' | 'lineCount' | 'tests'> & { code: string; stage: string },
): FailureGroup {
  return {
    hosts: hosts.slice(0, MOST_NAMED),
    hostCount: hosts.length,
    code,
    stage,
    message,
    lines,
    lineCount: lineCount ?? lines.length,
    tests: (tests ?? []).map(({ name, expected, got }) => ({ name, expected, got })),
  };
}

function gateOf(name: string, { looks, failuresInRow }: GateProgress, failures: number): Gate {
  const last = looks.at(-1);
  return {
    name,
    wanted: last?.wanted ?? '',
    verdict: last?.verdict ?? null,
    failuresInRow,
    failures,
    looks: looks.map(({ at, verdict, value, reason }) => ({ at, verdict, value: numberIn(value), reason })),
  };
}

function numberIn(text: string | null): number | null {
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

function hostsByEnd(ends: Record<string, string>): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [host, end] of Object.entries(ends)) (found[end] ??= []).push(host);
  return found;
}
