import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Fate, ImaginedFleet } from '../support/imagined-fleet.ts';
import { inTime, recordOf, runOn } from '../support/imagined-rollout.ts';

const WELL: Fate = { kind: 'applied', startMs: 100, runMs: 100, had: true };
/** Its time to begin is 10 s. It is heard of while the others are taken back. */
const LATE: Fate = { ...WELL, startMs: 15_000 };
/** Taken back for as long as may be waited for that, which is 20 s. */
const MUTE: Fate = { ...WELL, takeBack: 'silent' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a rollout that takes back what it did', () => {
  const run = async (steps: number[], lives: number[]) => {
    const fates = new Map([WELL, MUTE, LATE, WELL, WELL].map((each, index) => [`host-${index}`, each]));
    const fleet = new ImaginedFleet(fates);
    const budgets = { failed: 0, rolledBack: 0, silent: 0 };
    const trial = { fates: [], steps, budgets, onFailure: 'rollback' as const, soakSeconds: 0, lives };
    const record = await recordOf(trial, [...fates.keys()]);
    return { fleet, end: await inTime(runOn(fleet, record, lives)) };
  };

  it.each([
    ['in one process', []],
    ['over the death of its process', [12_000]],
  ])(
    'does not go on when a host that was silent is heard of, and takes that back, too, %s',
    async (_, lives) => {
      const { fleet, end } = await run([2, 3], lives);
      expect(end).toMatchObject({
        status: 'stopped',
        reason: '1 of 5 hosts silent, and no more than 0 may',
        hosts: {
          'host-0': 'rolled_back',
          'host-2': 'rolled_back',
          'host-3': 'not_started',
          'host-4': 'not_started',
        },
      });
      expect(Object.fromEntries(fleet.live)).toMatchObject({
        'host-0': 'old',
        'host-2': 'old',
        'host-3': 'old',
      });
    },
  );

  it('does not end as completed when the late host was of its last step', async () => {
    const { fleet, end } = await run([], []);
    expect(end).toMatchObject({ status: 'stopped', hosts: { 'host-2': 'rolled_back' } });
    expect(fleet.live.get('host-2')).toBe('old');
  });
});
