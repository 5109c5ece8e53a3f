import { describeOwner } from '../../central/rollout/describe-owner.ts';
import { failingGates, inconclusiveGates } from '../../central/rollout/gate-decision.ts';
import { groupFailures, type NotTakenBack, notTakenBack } from '../../central/rollout/group-failures.ts';
import type { RolloutState } from '../../central/rollout/rollout-state.ts';
import { countEnds, endsOf, type ToldStep, toldSteps } from '../../central/rollout/told-ends.ts';
import type { Failure } from '../../contract/events/failure.ts';
import type { GateLook } from '../../contract/rollouts/gates.ts';
import { isGoodEnd } from '../../contract/rollouts/outcome.ts';
import type { RolloutOwner } from '../../contract/rollouts/rollout-events.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import { paint, paintEnd } from '../terminal/paint.ts';
import { tableOf } from './rollout-table.ts';
import { nameHosts, tellCounts } from './show-answers.ts';
import { showFailure } from './show-failure.ts';
import { showGate } from './show-gate.ts';
import { showNotTakenBack } from './show-not-taken-back.ts';
import { showPlan } from './show-plan.ts';
import { queuedOf } from './tell-unheard.ts';

/** Where a rollout is, for somebody who did not see it begin. */
export interface ToldRollout {
  rolloutId: string;
  ruleset: { name: string; revision: number };
  status: 'running' | 'paused' | 'left' | 'completed' | 'stopped' | 'aborted';
  /** Why it has ended so. */
  reason: string | null;
  /** Steps that have begun, of all. */
  step: number;
  steps: number;
  summary: Record<string, number>;
  hosts: Record<string, string>;
  stopped: boolean;
  /** Who ran it last, as that process says of itself. */
  owner: RolloutOwner | null;
  isRun: boolean;
  /** Why it was begun although there was a freeze. */
  overrideFreeze: string | null;
  /** When the last event of it came about, RFC 3339. */
  lastEventAt: string | null;
  waitsFor: string | null;
  /** Each gate with what was found of it, the newest last. */
  gates: { name: string; looks: GateLook[] }[];
  /** Each step with its hosts by name. */
  plan: ToldStep[];
  /** Hosts that failed in the same way, by line and reason, are one entry. */
  failures: { hosts: string[]; failure: Failure }[];
  /** Hosts that had ended well, and did not stay so. */
  spoiled: { host: string; why: string }[];
  /** Hosts that were to go back to what they had, and did not. */
  notTakenBack: NotTakenBack[];
  /** What somebody may type next. */
  next: string[];
}

/** @param isRun whether a process runs it now */
export function tellRollout(state: RolloutState, isRun: boolean): ToldRollout {
  const { record, step, ended, owner, lastEventAt } = state;
  const { rolloutId, ruleset, steps } = record;
  const hosts = ended?.hosts ?? endsOf(state);
  return {
    rolloutId,
    ruleset,
    status: ended?.status ?? statusOf(state, isRun),
    reason: ended?.reason ?? null,
    step: step + 1,
    steps: steps.length,
    summary: countEnds(Object.values(hosts)),
    hosts,
    stopped: ended !== null && ended.status !== 'completed',
    owner,
    overrideFreeze: record.overrideFreeze ?? null,
    isRun,
    lastEventAt,
    waitsFor: ended === null ? waitsFor(state, hosts, isRun) : null,
    gates: [...state.gates].map(([name, { looks }]) => ({ name, looks })),
    plan: toldSteps(state, hosts),
    failures: groupFailures(state, ({ failure }) => failure),
    spoiled: [...state.hosts].flatMap(([host, { spoiled: why }]) => (why === null ? [] : [{ host, why }])),
    notTakenBack: notTakenBack(state),
    next: nextCommands(state, hosts, isRun),
  };
}

/** The same, for a person. */
export function showRollout(told: ToldRollout, state: RolloutState): string[] {
  const { rolloutId, ruleset, status, reason, summary, failures, next } = told;
  const head =
    state.ended === null
      ? tableOf(state)
      : [
          `rollout ${rolloutId}: ${ruleset.name} revision ${ruleset.revision}, ${paintEnd(status)}${reason === null ? '' : `: ${reason}`}`,
          tellCounts(summary),
        ];
  const failed = failures.flatMap(({ hosts, failure }) => [
    `${paint.red('failed')}  ${paint.bold(nameHosts(hosts))}`,
    ...[...showFailure(failure, null), `${failure.code}, at the stage ${failure.stage}`].map(
      (line) => `    ${line}`,
    ),
  ]);
  const frozen =
    told.overrideFreeze === null ? [] : [`begun in a freeze: ${escapeControl(told.overrideFreeze)}`];
  const spoiled = told.spoiled.map(
    ({ host, why }) => `${paint.red('failed')}  ${paint.bold(host)}  ${why} after the change`,
  );
  const waits = told.waitsFor === null ? [] : [`waits for: ${told.waitsFor}`];
  return [
    ...head,
    ...frozen,
    ...showPlan(told.plan),
    ...failed,
    ...spoiled,
    ...(state.ended === null ? [] : unheardHosts(told, state)),
    ...told.gates.flatMap(({ looks }) => showGate(looks)),
    ...(state.ended === null ? [describeRunner(told)] : []),
    ...waits,
    ...next.map((line) => `next: ${line}`),
    ...showNotTakenBack(told.notTakenBack, ruleset),
  ];
}

function statusOf({ isPaused }: RolloutState, isRun: boolean): ToldRollout['status'] {
  if (!isRun) return 'left';
  return isPaused ? 'paused' : 'running';
}

function describeRunner({ owner, isRun, lastEventAt }: ToldRollout): string {
  const last = lastEventAt === null ? '' : `; its last event is of ${lastEventAt}`;
  if (isRun) return `run by: ${owner === null ? 'a process that is there' : describeOwner(owner)}`;
  return `run by: ${paint.yellow('nobody')}${owner === null ? '' : `: ${describeOwner(owner)} is gone`}${last}`;
}

function waitsFor(state: RolloutState, hosts: Record<string, string>, isRun: boolean): string {
  const open = Object.entries(hosts).flatMap(([host, how]) => (how === 'running' ? [host] : []));
  const among = (is: (host: string) => boolean, what: string) => {
    const found = open.filter(is);
    return found.length === 0 ? [] : [`${nameHosts(found)} ${what}`];
  };
  const progress = (host: string) => state.hosts.get(host);
  const hasWindow = (host: string) => progress(host)?.windowUntil !== null;
  const hasBegun = (host: string) => progress(host)?.startedAt !== null;
  const parts = [
    ...among((host) => !hasBegun(host), 'to begin'),
    ...among((host) => hasBegun(host) && !hasWindow(host), 'to end'),
    ...among(hasWindow, 'to be confirmed'),
  ];
  if (parts.length > 0) return parts.join('; ');
  if (!isRun) return 'somebody to go on with it';
  const silentGates = inconclusiveGates(state);
  if (silentGates.length > 0) return silentGates.join('; ');
  const failing = failingGates(state);
  if (failing.length > 0) return failing.join('; ');
  if (state.isAborted) return 'its process to end it';
  if (state.isPaused) return 'somebody to resume it';
  if (state.step === -1) return 'its process to begin the first step';
  return `its soak of ${state.record.soakSeconds} s after step ${state.step + 1}`;
}

/** Hosts that gave no answer, or have no queue; and what becomes of what they were sent. */
function unheardHosts({ hosts }: ToldRollout, { record }: RolloutState): string[] {
  const ended = (wanted: string) => Object.keys(hosts).filter((host) => hosts[host] === wanted);
  const silent = ended('silent');
  const unroutable = ended('unroutable');
  return [
    ...(silent.length === 0 ? [] : [`${paintEnd('silent')}  ${paint.bold(nameHosts(silent))}`]),
    ...queuedOf(record, silent).map((line) => `    ${line}`),
    ...(unroutable.length === 0
      ? []
      : [`${paintEnd('unroutable')}  ${paint.bold(nameHosts(unroutable))}  no queue on the broker`]),
  ];
}

function nextCommands(state: RolloutState, hosts: Record<string, string>, isRun: boolean): string[] {
  const { rolloutId } = state.record;
  const isWanting = Object.values(hosts).some((how) => !isGoodEnd(how));
  if (state.ended !== null) return isWanting ? [`fleetwall rollout FILE --retry-failed ${rolloutId}`] : [];
  const goOn = `fleetwall rollout resume ${rolloutId}`;
  const abort = `fleetwall rollout abort ${rolloutId}`;
  if (!isRun || state.isPaused) return [goOn, abort];
  return [`fleetwall rollout pause ${rolloutId}`, abort];
}
