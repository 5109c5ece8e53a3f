import fc from 'fast-check';
import { vi } from 'vitest';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { planRollout } from '../../src/central/rollout/plan-rollout.ts';
import { RolloutLog } from '../../src/central/rollout/rollout-log.ts';
import type { GateWatch } from '../../src/central/rollout/rollout-options.ts';
import type { RolloutEnd } from '../../src/central/rollout/rollout-state.ts';
import { runRollout } from '../../src/central/rollout/run-rollout.ts';
import type { RolloutStarted } from '../../src/contract/rollouts/rollout-events.ts';
import type { Fate, ImaginedFleet } from './imagined-fleet.ts';

/** A rollout over an imagined fleet. */
export interface Trial {
  fates: Fate[];
  steps: number[];
  budgets: { failed: number; rolledBack: number; silent: number };
  onFailure: 'stop' | 'rollback' | 'continue';
  soakSeconds: number;
  /** For how many milliseconds each controller lives. */
  lives: number[];
}

export const fate = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('applied' as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom('failed', 'rolled_back', 'silent', 'stuck', 'late', 'unroutable'),
    },
  ),
  startMs: fc.integer({ min: 0, max: 5_000 }),
  runMs: fc.integer({ min: 0, max: 5_000 }),
  had: fc.boolean(),
}) as fc.Arbitrary<Fate>;

export async function recordOf(trial: Trial, hosts: string[]): Promise<RolloutStarted> {
  const { budgets, onFailure, soakSeconds } = trial;
  const steps = [...trial.steps.map((count) => ({ count })), { percent: 100 }];
  const amounts = {
    failed: { count: budgets.failed },
    rolledBack: { count: budgets.rolledBack },
    silent: { count: budgets.silent },
  };
  const ruleset = { name: 'edge', revision: 7, ipv4: '*filter\nCOMMIT\n' };
  const plan = { ruleset, whom: { hosts }, steps, budgets: amounts, onFailure, soakSeconds };
  const seconds = { deliverySeconds: 10, executionSeconds: 10 };
  const nobody = { fleet: async () => ({ hosts: new Map() }) };
  return await planRollout(nobody, { ...plan, ...seconds }, []);
}

/** Runs a rollout by one controller after the other; the last one lives to its end. */
export async function runOn(
  fleet: ImaginedFleet,
  record: RolloutStarted,
  lives: number[],
  gates?: GateWatch,
): Promise<RolloutEnd> {
  const { rolloutId } = record;
  let isBegun = false;
  for (const life of [...lives, Number.POSITIVE_INFINITY]) {
    const { link, die } = fleet.connect();
    const run = async () => {
      const log = isBegun
        ? await RolloutLog.find(link, new EventReader(undefined), rolloutId, 'first')
        : await RolloutLog.begin(link, new EventReader(undefined), record);
      return await runRollout(link, log, gates);
    };
    const death = new Promise<null>((resolve) => {
      if (life !== Number.POSITIVE_INFINITY) setTimeout(() => resolve(null), life);
    });
    const end = await Promise.race([run(), death]);
    if (end !== null) return end;
    die();
    isBegun = fleet.log.some(({ key }) => key.startsWith('rollout.'));
  }
  throw new Error('the last controller does not die');
}

/** Lets the fake time go on until it is done. */
export async function inTime<T>(work: Promise<T>, limit = 2_000): Promise<T> {
  const over = { is: false };
  const settled = work.finally(() => (over.is = true));
  settled.catch(() => {});
  for (let seconds = 0; !over.is && seconds < limit; seconds += 10) await vi.advanceTimersByTimeAsync(10_000);
  if (!over.is) throw new Error('the rollout does not end');
  return await settled;
}
