import { abortable } from '../../broker/connection/abortable.ts';
import {
  type RolloutOwner,
  type RolloutStarted,
  rolloutQueue,
} from '../../contract/rollouts/rollout-events.ts';
import type { Operator } from '../ask/operator.ts';
import { lookOnce } from '../ask/select.ts';
import { NoSuchRollout, PlanError, RolloutHasEnded, RolloutIsRun } from '../messages/errors.ts';
import { describeOwner } from './describe-owner.ts';
import { findRollout, RECENT_MS } from './find-rollout.ts';
import { whileHeld } from './hold-rollout.ts';
import { areJobsExpired, jobsExpired } from './jobs-expired.ts';
import { assertSameGates, passGates } from './open-gates.ts';
import { planRollout } from './plan-rollout.ts';
import { RolloutLog } from './rollout-log.ts';
import type { GateWatch, RolloutOptions, RolloutPlan } from './rollout-options.ts';
import type { RolloutEnd } from './rollout-state.ts';
import { runHeld, runRollout } from './run-rollout.ts';

/** How often to look whether the process that runs a rollout is still there. */
const OWNER_LOOK_MS = 2_000;

/** @throws {PlanError} {@link RolloutIsRun} {@link GateFailed} */
export async function startRollout(
  operator: Operator,
  plan: RolloutPlan,
  options: RolloutOptions,
): Promise<RolloutEnd> {
  const record = await planRollout(lookOnce(operator, options), plan, operator.keys);
  const { rolloutId } = record;
  const begin = async (signal: AbortSignal) => {
    if (plan.id !== undefined) await assertUnused(operator, rolloutId, { ...options, signal });
    return await beginHeld(operator, record, plan.gates, { ...options, signal });
  };
  return await whileHeld(operator.link, rolloutId, begin, options.signal);
}

/** Nothing is said of it before it is sure that it begins. */
async function beginHeld(
  { link, reader }: Operator,
  record: RolloutStarted,
  gates: GateWatch | undefined,
  options: RolloutOptions & { signal: AbortSignal },
): Promise<RolloutEnd> {
  const { rolloutId } = record;
  const { signal } = options;
  const looks = gates === undefined ? null : await passGates(gates, record, options);
  const lookedAt = looks === null ? null : Date.now();
  const log = await RolloutLog.begin(link, reader, record, signal);
  try {
    if (looks !== null) await log.say('fleetwall.rollout.looked', { rolloutId, step: -1, looks }, signal);
    tellEvents(log, options);
    return await runHeld(link, log, { gates, lookedAt }, signal);
  } finally {
    await log.close();
  }
}

/** An id is for one rollout: who asks for it again would be told of either. @throws {PlanError} */
async function assertUnused(operator: Operator, rolloutId: string, options: RolloutOptions): Promise<void> {
  const since = options.since ?? new Date(Date.now() - RECENT_MS);
  const before = await findRollout(operator, rolloutId, { ...options, since }).catch((error: unknown) => {
    if (error instanceof NoSuchRollout) return null;
    throw error;
  });
  if (before === null) return;
  await before.close();
  const { ended } = before.state;
  const how = ended === null ? 'has begun and not ended' : `has ended (${ended.status})`;
  const instead = ended === null ? `go on with it (fleetwall rollout resume ${rolloutId}), or ` : '';
  throw new PlanError(`a rollout ${rolloutId} ${how} before: ${instead}give this one another id`);
}

/** Whether a process runs it now: each holds a name on the broker for as long as it does. @throws {Error} what the broker said */
export async function isRolloutRun(
  { link }: Operator,
  rolloutId: string,
  { signal }: RolloutOptions,
): Promise<boolean> {
  return await abortable(link.names.isHeld(rolloutQueue(rolloutId)), signal);
}

/**
 * Asks whoever runs a rollout, now or later, to begin no more of it.
 *
 * @returns whether a process runs it now
 * @throws {NoSuchRollout} {@link RolloutHasEnded}
 */
export async function pauseRollout(
  operator: Operator,
  rolloutId: string,
  options: RolloutOptions,
): Promise<boolean> {
  return await withRollout(operator, rolloutId, options, async (log) => {
    await request(log, 'pause', options.signal);
    return await isRolloutRun(operator, rolloutId, options);
  });
}

/**
 * Has whoever runs a rollout end it, and waits for that; where nobody does, or that process dies over it, it is ended here.
 *
 * @throws {NoSuchRollout} {@link RolloutHasEnded}
 */
export async function abortRollout(
  operator: Operator,
  rolloutId: string,
  options: RolloutOptions,
): Promise<RolloutEnd> {
  return await withRollout(operator, rolloutId, options, async (log) => {
    tellEvents(log, options);
    await request(log, 'abort', options.signal);
    for (;;) {
      try {
        return await run(operator, log, options);
      } catch (error) {
        if (!(error instanceof RolloutIsRun)) throw error;
        options.signal?.throwIfAborted();
        await log.change(Date.now() + OWNER_LOOK_MS, options.signal);
      }
    }
  });
}

async function request(
  log: RolloutLog,
  what: 'pause' | 'abort',
  signal: AbortSignal | undefined,
): Promise<void> {
  const { record, ended } = log.state;
  const { rolloutId } = record;
  if (ended !== null) {
    throw new RolloutHasEnded(
      `rollout ${rolloutId} has ended (${ended.status}): there is nothing to ${what}`,
    );
  }
  await log.say('fleetwall.rollout.requested', { rolloutId, request: what }, signal);
}

/**
 * A process that runs it has its gates: then they need not be given.
 *
 * @throws {NoSuchRollout} {@link RolloutIsRun} if another process runs it, which then goes on if it was paused
 * @throws {PlanError} if it cannot be gone on with here; then nothing was said to anybody
 */
export async function resumeRollout(
  operator: Operator,
  rolloutId: string,
  options: RolloutOptions,
): Promise<RolloutEnd> {
  return await withRollout(operator, rolloutId, options, async (log) => {
    const { ended, isAborted, isPaused, owner: before, record } = log.state;
    assertNotExpired(log);
    const isToGoOn = ended === null && !isAborted;
    const isRun = isToGoOn && (await isRolloutRun(operator, rolloutId, options));
    if (isToGoOn && (!isRun || options.gates !== undefined)) assertSameGates(record, options.gates);
    if (isPaused) {
      await log.say('fleetwall.rollout.requested', { rolloutId, request: 'resume' }, options.signal);
    }
    if (isRun) throw await isRunBy(log, before, options.signal);
    try {
      return await run(operator, log, options);
    } catch (error) {
      throw error instanceof RolloutIsRun ? await isRunBy(log, before, options.signal) : error;
    }
  });
}

/** Who runs it says so as soon as it has begun to: that may be a moment from now. */
async function isRunBy(
  log: RolloutLog,
  before: RolloutOwner | null,
  signal: AbortSignal | undefined,
): Promise<RolloutIsRun> {
  const { rolloutId } = log.state.record;
  const deadline = Date.now() + OWNER_LOOK_MS;
  while (log.state.owner === before && log.state.ended === null && Date.now() < deadline) {
    signal?.throwIfAborted();
    await log.change(deadline, signal);
  }
  const { owner } = log.state;
  const who = owner === null ? '' : `: ${describeOwner(owner)}`;
  return new RolloutIsRun(
    `rollout ${rolloutId} is run by another process${who}; watch it, or wait until that has ended`,
  );
}

/** Finds one, and reads its log for as long as the work takes. @throws {NoSuchRollout} */
async function withRollout<T>(
  operator: Operator,
  rolloutId: string,
  options: RolloutOptions,
  work: (log: RolloutLog) => Promise<T>,
): Promise<T> {
  const log = await findRollout(operator, rolloutId, options);
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** A rollout that only has to take back goes on. */
function assertNotExpired({ state: { record, ended, isAborted, stopping } }: RolloutLog): void {
  if (ended !== null || isAborted || stopping !== null) return;
  if (areJobsExpired(record, Date.now())) throw jobsExpired(record);
}

async function run({ link }: Operator, log: RolloutLog, options: RolloutOptions): Promise<RolloutEnd> {
  tellEvents(log, options);
  return await runRollout(link, log, options.gates, options.signal);
}

function tellEvents(log: RolloutLog, { onEvent }: RolloutOptions): void {
  if (onEvent !== undefined) log.onEvent((event) => onEvent(event, log.state));
}
