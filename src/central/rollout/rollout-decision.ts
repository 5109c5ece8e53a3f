import type { Budgets, HostEnd } from '../../contract/rollouts/rollout-events.ts';
import { failedGate, heldByGates } from './gate-decision.ts';
import type { HostProgress } from './host-progress.ts';
import { areJobsExpired } from './jobs-expired.ts';
import { heldByPresence, type Presence } from './presence.ts';
import type { RolloutEnd, RolloutState } from './rollout-state.ts';

/** What a rollout needs next. Nothing here talks to anybody: it is a matter of what is known, and of the time. */
export type Decision =
  | { kind: 'begin'; step: number; hosts: string[] }
  /** To be said before anything is taken back: what is heard of hosts later does not turn it round. */
  | { kind: 'stop'; reason: string }
  | { kind: 'take-back'; how: readonly TakeBackAction[]; hosts: string[] }
  /** At the gates. */
  | { kind: 'look' }
  /** Whether hosts that have ended well are there. */
  | { kind: 'check-presence'; isEnd: boolean }
  | { kind: 'end'; end: RolloutEnd }
  /** Hosts would not take the jobs of the next step any more. */
  | { kind: 'expired' }
  /** Until something is heard, or that time comes. */
  | { kind: 'wait'; until: number };

/** `remove`: there was nothing to go back to. */
type TakeBackAction = 'rollback' | 'remove';

/** When steps ended and hosts were asked to go back, in this process. */
export interface Clock {
  now: number;
  /** The last sign of the step that is under way. */
  stepEndedAt: number | null;
  /** When the gates were looked at last since then, in this process. */
  lookedAt: number | null;
  presence: Presence;
  takeBackAskedAt: ReadonlyMap<string, number>;
}

/** Not `superseded`: what that host has is newer than what the rollout brings. */
const FAILED: ReadonlySet<HostEnd> = new Set(['failed', 'rejected', 'expired', 'cancelled']);
const SILENT: ReadonlySet<HostEnd> = new Set(['silent', 'unroutable']);
const GRACE_MS = 10_000;

export function decide(state: RolloutState, clock: Clock): Decision {
  const { record, step } = state;
  const open = [...state.hosts.values()].filter((host) => isOpen(host, state, clock.now));
  if (open.length > 0) return { kind: 'wait', until: earliest(open.map((host) => dueAt(host, state))) };
  const gate = failedGate(state);
  const spent = state.stopping ?? spentBudget(state, clock.now) ?? gate;
  // A gate that is shut before the first step is not gone past, whatever is to be done about failures.
  const isShut = step === -1 && gate !== null;
  if (state.isAborted || isShut || (spent !== null && record.onFailure !== 'continue')) {
    return saidBefore(stop(state, clock, spent), state, spent);
  }
  const isLast = step === record.steps.length - 1;
  if (isLast && record.gates === undefined) return endAll(state, clock, 'completed', spent);
  if (state.isPaused && !isLast) return { kind: 'wait', until: Number.POSITIVE_INFINITY };
  if (isLast) return heldBySoak(state, clock) ?? endAll(state, clock, 'completed', spent);
  return beginNext(state, clock);
}

function beginNext(state: RolloutState, clock: Clock): Decision {
  if (areJobsExpired(state.record, clock.now)) return { kind: 'expired' };
  const step = state.step + 1;
  return heldBySoak(state, clock) ?? { kind: 'begin', step, hosts: state.hostsOf(step) };
}

/** By its time, by hosts that are away, and by gates, which are looked at again once those are back. `null`: by nothing any more. */
function heldBySoak(state: RolloutState, clock: Clock): Decision | null {
  const { now, stepEndedAt, presence } = clock;
  const soakedAt = state.step === -1 ? 0 : (stepEndedAt ?? now) + state.record.soakSeconds * 1000;
  const calmAt = presence.away.size > 0 ? Number.POSITIVE_INFINITY : (presence.calmSince ?? 0);
  const held = [
    heldByPresence(state, clock, soakedAt),
    heldByGates(state, clock, Math.max(soakedAt, calmAt)),
    soakedAt > now ? ({ kind: 'wait', until: soakedAt } as const) : null,
  ].filter((each) => each !== null);
  const due = held.find(({ kind }) => kind !== 'wait');
  if (due !== undefined) return due;
  const untils = held.flatMap((each) => (each.kind === 'wait' ? [each.until] : []));
  return untils.length === 0 ? null : { kind: 'wait', until: earliest(untils) };
}

/** How a host has ended, as far as is known: one that is not heard of in time is silent, until it is heard of after all. */
export function endOf(host: HostProgress, state: RolloutState, now: number): HostEnd | null {
  if (host.takenBack === 'applied' || host.takenBack === 'removed') return 'rolled_back';
  if (host.spoiled !== null) return 'failed';
  if (host.end !== null) return host.end;
  if (host.step === null) return null;
  return dueAt(host, state) <= now ? 'silent' : null;
}

/** How much of each budget is used. */
export function countSpent(state: RolloutState, now: number): Budgets {
  const ends = [...state.hosts.values()].map((host) =>
    host.spoiled === null ? (host.end ?? endOf(host, state, now)) : 'failed',
  );
  const count = (is: (end: HostEnd) => boolean) => ends.filter((end) => end !== null && is(end)).length;
  return {
    failed: count((end) => FAILED.has(end)),
    rolledBack: count((end) => end === 'rolled_back'),
    silent: count((end) => SILENT.has(end)),
  };
}

/** Which budgets are spent; `null`: none. */
function spentBudget(state: RolloutState, now: number): string | null {
  const { budgets } = state.record;
  const spent = countSpent(state, now);
  const counts = [
    ['failed', spent.failed, budgets.failed],
    ['rolled back', spent.rolledBack, budgets.rolledBack],
    ['silent', spent.silent, budgets.silent],
  ] as const;
  const over = counts.filter(([, found, allowed]) => found > allowed);
  const told = over.map(
    ([what, found, allowed]) =>
      `${found} of ${state.hosts.size} hosts ${what}, and no more than ${allowed} may`,
  );
  return told.length === 0 ? null : told.join('; ');
}

function isOpen(host: HostProgress, state: RolloutState, now: number): boolean {
  return host.step !== null && endOf(host, state, now) === null;
}

/** Delivery and execution have each a time of their own; a window of confirmation is not held against a host. */
function dueAt(host: HostProgress, { record }: RolloutState): number {
  if (host.windowUntil !== null) return host.windowUntil + GRACE_MS;
  if (host.startedAt !== null) return host.startedAt + record.executionSeconds * 1000;
  return (host.sentAt ?? 0) + record.deliverySeconds * 1000;
}

/** That it was asked to end is in the log already. */
function saidBefore(
  decision: Decision,
  { isAborted, stopping }: RolloutState,
  reason: string | null,
): Decision {
  if (decision.kind !== 'take-back' || reason === null || isAborted || stopping !== null) return decision;
  return { kind: 'stop', reason };
}

function stop(state: RolloutState, clock: Clock, spent: string | null): Decision {
  const status = state.isAborted ? 'aborted' : 'stopped';
  if (state.record.onFailure !== 'rollback' || state.record.takeBack === null)
    return endAll(state, clock, status, spent);
  // The newest first: a step at a time.
  for (let step = state.step; step >= 0; step -= 1) {
    const done = state.hostsOf(step).filter((host) => state.hosts.get(host)?.end === 'applied');
    const decision = takeBack(done, state, clock);
    if (decision !== null) return decision;
  }
  // Nobody knows what they would do with the job once they hear of it: what takes it back waits for them behind it.
  const unheard = [...state.hosts].flatMap(([host, progress]) =>
    endOf(progress, state, clock.now) === 'silent' && !clock.takeBackAskedAt.has(`remove ${host}`)
      ? [host]
      : [],
  );
  if (unheard.length > 0) return { kind: 'take-back', how: ['rollback', 'remove'], hosts: unheard };
  return endAll(state, clock, status, spent);
}

/** `null`: these are done with, one way or the other. */
function takeBack(
  hosts: readonly string[],
  state: RolloutState,
  { now, takeBackAskedAt }: Clock,
): Decision | null {
  const limitMs = (state.record.deliverySeconds + state.record.executionSeconds) * 1000;
  const askedAt = (how: string, host: string) => takeBackAskedAt.get(`${how} ${host}`);
  const waiting: number[] = [];
  for (const how of ['rollback', 'remove'] as const) {
    const endOfBack = (host: string) => state.hosts.get(host)?.takenBack ?? null;
    const wanting = hosts.filter(
      (host) => endOfBack(host) === (how === 'rollback' ? null : 'nothing_before'),
    );
    // Who does not answer gets both, and waits for nobody: what it had before, it will know once it is there.
    const mute = hosts.filter(
      (host) =>
        how === 'remove' &&
        endOfBack(host) === null &&
        (askedAt('rollback', host) ?? Number.POSITIVE_INFINITY) + limitMs <= now,
    );
    const fresh = [...wanting, ...mute].filter((host) => askedAt(how, host) === undefined);
    if (fresh.length > 0) return { kind: 'take-back', how: [how], hosts: fresh };
    waiting.push(...wanting.map((host) => (askedAt(how, host) ?? 0) + limitMs).filter((due) => due > now));
  }
  return waiting.length > 0 ? { kind: 'wait', until: earliest(waiting) } : null;
}

function endAll(
  state: RolloutState,
  { now }: Clock,
  status: RolloutEnd['status'],
  reason: string | null,
): Decision {
  const hosts = [...state.hosts].map(
    ([host, progress]) => [host, endOf(progress, state, now) ?? 'not_started'] as const,
  );
  const { rolloutId } = state.record;
  return { kind: 'end', end: { rolloutId, status, reason, hosts: Object.fromEntries(hosts) } };
}

/** Of many times: `Math.min(…)` takes them as arguments, of which there may not be 100,000. */
function earliest(times: readonly number[]): number {
  return times.reduce((first, time) => Math.min(first, time), Number.POSITIVE_INFINITY);
}
