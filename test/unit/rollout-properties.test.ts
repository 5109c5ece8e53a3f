import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RolloutStarted } from '../../src/contract/rollouts/rollout-events.ts';
import { expectedEnds } from '../support/expected-ends.ts';
import { type Fate, ImaginedFleet, LATE_MS } from '../support/imagined-fleet.ts';
import { fate, inTime, recordOf, runOn, type Trial } from '../support/imagined-rollout.ts';

/** How many rollouts are tried; more in a longer run. */
const ROLLOUTS = Number(process.env['FLEETWALL_ROLLOUTS'] ?? 400);

const few = fc.constantFrom(0, 0, 1, 2);
const trials: fc.Arbitrary<Trial> = fc.record({
  fates: fc.array(fate, { minLength: 1, maxLength: 12 }),
  steps: fc
    .array(fc.integer({ min: 1, max: 8 }), { maxLength: 4 })
    .map((steps) => steps.toSorted((a, b) => a - b)),
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
    { numRuns: ROLLOUTS },
  );
});

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
