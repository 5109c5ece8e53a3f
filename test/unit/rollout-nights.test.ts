import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type ImaginedFleet, LATE_MS } from '../support/imagined-fleet.ts';
import { inTime } from '../support/imagined-rollout.ts';
import { NightChecks } from '../support/night-checks.ts';
import { drawNight, type Night } from '../support/rollout-night.ts';
import { spendNight } from '../support/spend-night.ts';

/** `npm run chaos -- rollouts` has more of them, or a single one. */
const FIRST = Number(process.env['FLEETWALL_SEED'] ?? 1);
const ROLLOUTS = Number(process.env['FLEETWALL_ROLLOUTS'] ?? 150);
const LONGEST_SECONDS = 40_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('rollouts end, within their budgets, whatever hosts, gates, operators and the processes that run them do', async () => {
  for (let seed = FIRST; seed < FIRST + ROLLOUTS; seed += 1) {
    try {
      await tryNight(drawNight(seed));
    } catch (error) {
      throw new Error(
        `seed ${seed}: ${(error as Error).message}; it alone: npm run chaos -- rollouts --seed ${seed}`,
        { cause: error },
      );
    }
    vi.clearAllTimers();
  }
});

async function tryNight(night: Night): Promise<void> {
  const told = await inTime(spendNight(night), LONGEST_SECONDS);
  new NightChecks(night, told).run();
  // Who hears of it only later does what it was told, too.
  await vi.advanceTimersByTimeAsync(20 * LATE_MS);
  assertLive(night, told.fleet);
}

function assertLive({ fates }: Night, { live, sent, gone }: ImaginedFleet): void {
  for (const [host, { kind, had, after, takeBack }] of fates) {
    if (gone.has(host) || after?.kind === 'undone') continue;
    const told = sent.filter((each) => each.host === host);
    const isNew = ['applied', 'late'].includes(kind) && told.length > 0;
    const isBack = new Set(told.map(({ jobId }) => jobId)).size > 1 && takeBack === undefined;
    expect([host, live.get(host)]).toEqual([host, isNew && !isBack ? 'new' : had ? 'old' : null]);
  }
}
