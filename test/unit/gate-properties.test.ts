import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { GateWatch } from '../../src/central/rollout/rollout-options.ts';
import type { GateLook } from '../../src/contract/rollouts/gates.ts';
import { ImaginedFleet } from '../support/imagined-fleet.ts';
import { fate, inTime, recordOf, runOn, type Trial } from '../support/imagined-rollout.ts';

/** How many rollouts are tried; more in a longer run. */
const ROLLOUTS = Number(process.env['FLEETWALL_ROLLOUTS'] ?? 200);

type GatedTrial = Omit<Trial, 'budgets'> & {
  failures: number;
  onInconclusive: 'pause' | 'fail';
  /** What each look finds, in turn; all that come after pass. */
  verdicts: GateLook['verdict'][];
};

const trials = fc.record({
  fates: fc.array(fate, { minLength: 1, maxLength: 6 }),
  steps: fc
    .array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 })
    .map((steps) => steps.toSorted((one, other) => one - other)),
  onFailure: fc.constantFrom('stop', 'rollback', 'continue'),
  soakSeconds: fc.constantFrom(0, 7, 40),
  lives: fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 3 }),
  failures: fc.integer({ min: 1, max: 3 }),
  onInconclusive: fc.constantFrom('pause', 'fail'),
  verdicts: fc.array(fc.constantFrom('pass', 'pass', 'pass', 'fail', 'inconclusive'), { maxLength: 30 }),
}) as fc.Arbitrary<GatedTrial>;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a step begins only after a look behind the soak in which all pass, over the deaths of controllers', async () => {
  await fc.assert(
    fc.asyncProperty(trials, async (trial) => {
      const fates = new Map(trial.fates.map((each, index) => [`host-${index}`, each]));
      const fleet = new ImaginedFleet(fates);
      const gates = watchOf(trial);
      const most = trial.fates.length;
      const budgets = { failed: most, rolledBack: most, silent: most };
      const plain = await recordOf({ ...trial, budgets }, [...fates.keys()]);
      const { status, reason } = await inTime(
        runOn(fleet, { ...plain, gates: gates.rules }, trial.lives, gates),
      );
      const { isFailed, step } = followLog(fleet, trial);
      const isStopped = isFailed && (trial.onFailure !== 'continue' || step === -1);
      expect(status).toBe(isStopped ? 'stopped' : 'completed');
      if (isStopped) expect(reason).toContain('gate "g" failed');
      expect(new Set(fleet.runs).size).toBe(fleet.runs.length);
    }),
    { numRuns: ROLLOUTS },
  );
});

function watchOf({ failures, onInconclusive, verdicts }: GatedTrial): GateWatch {
  const left = [...verdicts];
  return {
    rules: { names: ['g'], digest: '0'.repeat(64), everySeconds: 3, failures, onInconclusive },
    look: async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const verdict = left.shift() ?? 'pass';
      return [{ name: 'g', verdict, value: null, wanted: '', reason: verdict, at: new Date().toISOString() }];
    },
  };
}

interface Logged {
  at: number;
  event: { type: string; data: { step: number; status: string; looks: { verdict: string }[] } };
}

/** What the log says of looks and steps, each held against those before it. */
function followLog({ log }: ImaginedFleet, trial: GatedTrial): { isFailed: boolean; step: number } {
  const events = log.map(({ body, at }) => ({ at, event: JSON.parse(body.toString('utf8')) }));
  const known = { isFailed: false, inRow: 0, step: -1 };
  let last: { verdict: string | undefined; at: number; step: number } | null = null;
  for (const { at, event } of events) {
    if (event.type === 'fleetwall.rollout.looked') {
      const verdict = event.data.looks[0]?.verdict;
      last = { verdict, at, step: event.data.step };
      noteVerdict(known, verdict, trial);
    }
    if (!goesOn(event)) continue;
    if (known.isFailed) expect(trial.onFailure).toBe('continue');
    else {
      expect(last).toMatchObject({ verdict: 'pass', step: known.step });
      // A host that was silent may be heard of after its time, while the soak goes on.
      const isPlain = trial.fates.every(({ kind }) => kind === 'applied');
      if (isPlain) expect(last?.at).toBeGreaterThanOrEqual(soakedAt(events, at, trial, known.step));
    }
    if (event.type === 'fleetwall.rollout.step') known.step = event.data.step;
  }
  return known;
}

function noteVerdict(
  known: { isFailed: boolean; inRow: number; step: number },
  verdict: string | undefined,
  { failures, onInconclusive }: GatedTrial,
): void {
  if (verdict === 'pass') known.inRow = 0;
  if (verdict === 'fail') known.inRow += 1;
  if (known.inRow >= (known.step === -1 ? 1 : failures)) known.isFailed = true;
  if (verdict === 'inconclusive' && onInconclusive === 'fail') known.isFailed = true;
}

function goesOn({ type, data }: Logged['event']): boolean {
  return (
    type === 'fleetwall.rollout.step' || (type === 'fleetwall.rollout.ended' && data.status === 'completed')
  );
}

function soakedAt(events: readonly Logged[], until: number, trial: GatedTrial, step: number): number {
  if (step === -1) return 0;
  const ends = events.filter(({ event, at }) => event.type === 'fleetwall.job.completed' && at <= until);
  return Math.max(0, ...ends.map(({ at }) => at)) + trial.soakSeconds * 1000;
}
