import type { FleetLink } from '../../broker/fleet-link.ts';
import type { SigningKey } from '../../keys/signing-key.ts';
import { type FleetObserver, lookOnce } from '../fleet/select.ts';
import { planRollout, type RolloutPlan } from './plan-rollout.ts';
import { RolloutLog } from './rollout-log.ts';
import type { RolloutOptions } from './rollout-options.ts';
import type { RolloutEnd } from './rollout-state.ts';
import { runRollout } from './run-rollout.ts';

/** Whose connection, name and keys a rollout is run with. */
export type Operator = FleetObserver & {
  link: FleetLink;
  user: string | undefined;
  keys: readonly SigningKey[];
};

const LOOK_BACK_MS = 7 * 24 * 3_600_000;

/** @throws {PlanError} */
export async function startRollout(
  operator: Operator,
  plan: RolloutPlan,
  options: RolloutOptions,
): Promise<RolloutEnd> {
  const record = await planRollout(lookOnce(operator, options.signal), plan, operator.keys);
  const log = await RolloutLog.begin(operator.link, operator.user, record, options.signal);
  return await run(operator, log, options);
}

/** @throws {NoSuchRollout} */
export async function findRollout(
  { link, user }: Operator,
  rolloutId: string,
  { since, signal }: RolloutOptions,
): Promise<RolloutLog> {
  const start = { since: since ?? new Date(Date.now() - LOOK_BACK_MS) };
  return await RolloutLog.find(link, user, rolloutId, start, signal);
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

/** @throws {RolloutIsRun} if another process runs it */
export async function run(
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
