import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EventReader } from '../../src/central/fleet/event-reader.ts';
import { planRollout } from '../../src/central/rollout/plan-rollout.ts';
import { RolloutLog } from '../../src/central/rollout/rollout-log.ts';
import type { RolloutEnd } from '../../src/central/rollout/rollout-state.ts';
import { runRollout } from '../../src/central/rollout/run-rollout.ts';
import type { RolloutStarted } from '../../src/contract/rollout-events.ts';
import { expectedEnds } from '../support/expected-ends.ts';
import { type Fate, ImaginedFleet, LATE_MS } from '../support/imagined-fleet.ts';

interface Trial {
  fates: Fate[];
  steps: number[];
  budgets: { failed: number; rolledBack: number; silent: number };
  onFailure: 'stop' | 'rollback' | 'continue';
  soakSeconds: number;
  /** For how many milliseconds each controller lives. */
  lives: number[];
}

const fate = fc.record({
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
const few = fc.constantFrom(0, 0, 1, 2);
const trials: fc.Arbitrary<Trial> = fc.record({
  fates: fc.array(fate, { minLength: 1, maxLength: 12 }),
  steps: fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 4 }),
  budgets: fc.record({ failed: few, rolledBack: few, silent: few }),
  onFailure: fc.constantFrom('stop', 'rollback', 'continue'),
  soakSeconds: fc.constantFrom(0, 0, 7),
  lives: fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 4 }),
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('rollouts stop where they must, account for every host, and are continued by other controllers', async () => {
  await fc.assert(
    fc.asyncProperty(trials, async (trial) => {
      const fates = new Map(trial.fates.map((each, index) => [`host-${index}`, each]));
      const fleet = new ImaginedFleet(fates);
      const record = await recordOf(trial, [...fates.keys()]);
      const { hosts: ends, status } = await inTime(runOn(fleet, record, trial.lives));

      const expected = expectedEnds(record, (host) => endOf(fates.get(host)?.kind));
      expect(ends).toEqual(expected.ends);
      expect(status).toBe(expected.isStopped ? 'stopped' : 'completed');
      expect(new Set(fleet.runs).size).toBe(fleet.runs.length);
      assertSoaked(fleet, record);

      // A host that comes late finds, after the job, the job that takes it back.
      await vi.advanceTimersByTimeAsync(20 * LATE_MS);
      for (const [host, live] of fleet.live) {
        const { kind, had } = fates.get(host) ?? {};
        const isLate = kind === 'late' && ends[host] === 'silent';
        const isNew = isLate
          ? !(expected.isStopped && trial.onFailure === 'rollback')
          : ends[host] === 'applied';
        expect([host, live]).toEqual([host, isNew ? 'new' : had === true ? 'old' : null]);
      }
    }),
    { numRuns: 1_000 },
  );
});

async function recordOf(trial: Trial, hosts: string[]): Promise<RolloutStarted> {
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
async function runOn(fleet: ImaginedFleet, record: RolloutStarted, lives: number[]): Promise<RolloutEnd> {
  const { rolloutId } = record;
  let isBegun = false;
  for (const life of [...lives, Number.POSITIVE_INFINITY]) {
    const { link, die } = fleet.connect();
    const run = async () => {
      const log = isBegun
        ? await RolloutLog.find(link, new EventReader(undefined), rolloutId, 'first')
        : await RolloutLog.begin(link, new EventReader(undefined), record);
      return await runRollout(link, log);
    };
    const death = new Promise<null>((resolve) => {
      if (life !== Number.POSITIVE_INFINITY) setTimeout(() => resolve(null), life);
    });
    const end = await Promise.race([run(), death]);
    if (end !== null) return end;
    die();
    isBegun = fleet.log.length > 0;
  }
  throw new Error('the last controller does not die');
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const over = { is: false };
  const settled = work.finally(() => (over.is = true));
  settled.catch(() => {});
  for (let seconds = 0; !over.is && seconds < 2_000; seconds += 10) await vi.advanceTimersByTimeAsync(10_000);
  if (!over.is) throw new Error('the rollout does not end');
  return await settled;
}

/** No step begins before the hosts of the one before have ended and its soak is over. */
function assertSoaked({ log }: ImaginedFleet, { soakSeconds, steps, hosts, jobs }: RolloutStarted): void {
  const events = log.map(({ body, at }) => ({ at, event: JSON.parse(body.toString('utf8')) }));
  for (const { at, event } of events) {
    if (event.type !== 'fleetwall.rollout.step' || event.data.step === 0) continue;
    for (const host of hosts.slice(0, steps[event.data.step - 1])) {
      const first = events.find(
        (other) =>
          other.event.type === 'fleetwall.job.completed' &&
          other.event.subject === jobs[0]?.jobId &&
          other.event.data.hostId === host,
      );
      if (first === undefined || first.at > at) continue;
      expect(at - first.at).toBeGreaterThanOrEqual(soakSeconds * 1000);
    }
  }
}

function endOf(
  kind: Fate['kind'] | undefined,
): 'applied' | 'failed' | 'rolled_back' | 'silent' | 'unroutable' {
  if (kind === undefined || kind === 'stuck' || kind === 'late') return 'silent';
  return kind;
}
