import { PlanError } from '../fleet/errors.ts';
import type { Operator } from '../fleet/operator.ts';
import { lookOnce } from '../fleet/select.ts';
import { planRollout } from './plan-rollout.ts';
import { RolloutLog } from './rollout-log.ts';
import type { RolloutOptions, RolloutPlan } from './rollout-options.ts';
import type { RolloutEnd } from './rollout-state.ts';
import { runRollout } from './run-rollout.ts';

const LOOK_BACK_MS = 7 * 24 * 3_600_000;

/** @throws {PlanError} */
export async function startRollout(
  operator: Operator,
  plan: RolloutPlan,
  options: RolloutOptions,
): Promise<RolloutEnd> {
  const record = await planRollout(lookOnce(operator, options.signal), plan, operator.keys);
  const log = await RolloutLog.begin(operator.link, operator.reader, record, options.signal);
  return await run(operator, log, options);
}

/** @throws {NoSuchRollout} */
export async function findRollout(
  { link, reader }: Operator,
  rolloutId: string,
  { since, signal }: RolloutOptions,
): Promise<RolloutLog> {
  const start = { since: since ?? new Date(Date.now() - LOOK_BACK_MS) };
  return await RolloutLog.find(link, reader, rolloutId, start, signal);
}

/** Asks whoever runs a rollout, now or later. @throws {NoSuchRollout} */
export async function requestOfRollout(
  operator: Operator,
  rolloutId: string,
  request: 'pause' | 'abort',
  options: RolloutOptions,
): Promise<void> {
  const log = await findRollout(operator, rolloutId, options);
  try {
    await log.say('fleetwall.rollout.requested', { rolloutId, request }, options.signal);
  } finally {
    await log.close();
  }
}

/** @throws {NoSuchRollout} {@link RolloutIsRun} if another process runs it, which then goes on if it was paused */
export async function resumeRollout(
  operator: Operator,
  rolloutId: string,
  options: RolloutOptions,
): Promise<RolloutEnd> {
  const log = await findRollout(operator, rolloutId, options);
  try {
    assertNotExpired(log);
    if (log.state.isPaused) {
      await log.say('fleetwall.rollout.requested', { rolloutId, request: 'resume' }, options.signal);
    }
  } catch (error) {
    await log.close();
    throw error;
  }
  return await run(operator, log, options);
}

/** Hosts would refuse them, and that counts as failed. A rollout that only has to take back goes on. */
function assertNotExpired({ state }: RolloutLog): void {
  const { rolloutId, expiresAt } = state.record;
  if (expiresAt === undefined || state.ended !== null || state.isAborted) return;
  if (Date.parse(expiresAt) > Date.now()) return;
  throw new PlanError(
    `the jobs of rollout ${rolloutId} have expired at ${expiresAt}: start a new one; or abort this one, which takes back what it did, if it was begun with --on-failure rollback`,
  );
}

async function run(
  { link }: Operator,
  log: RolloutLog,
  { signal, onEvent }: RolloutOptions,
): Promise<RolloutEnd> {
  try {
    if (onEvent !== undefined) log.onEvent((event) => onEvent(event, log.state));
    return await runRollout(link, log, signal);
  } finally {
    await log.close();
  }
}
