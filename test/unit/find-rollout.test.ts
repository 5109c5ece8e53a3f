import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { findRollout } from '../../src/central/rollout/find-rollout.ts';
import { RolloutLog } from '../../src/central/rollout/rollout-log.ts';
import { resumeRollout } from '../../src/central/rollout/rollouts.ts';
import { ImaginedFleet } from '../support/imagined-fleet.ts';
import { inTime, recordOf } from '../support/imagined-rollout.ts';

const DAY_MS = 86_400_000;
const reader = new EventReader(undefined);
const rules = {
  names: ['g'],
  digest: '0'.repeat(64),
  everySeconds: 3,
  failures: 1,
  onInconclusive: 'pause' as const,
};
let fleet: ImaginedFleet;

beforeEach(() => {
  vi.useFakeTimers();
  fleet = new ImaginedFleet(new Map());
});
afterEach(() => void vi.useRealTimers());

/** One that was begun, and is run by nobody. */
async function begin(id: string): Promise<RolloutLog> {
  const budgets = { failed: 0, rolledBack: 0, silent: 0 };
  const plan = { fates: [], steps: [], budgets, onFailure: 'stop' as const, soakSeconds: 0, lives: [] };
  const plain = await recordOf(plan, ['web-1']);
  const record = { ...plain, rolloutId: id, gates: rules };
  return await inTime(RolloutLog.begin(fleet.connect().link, reader, record));
}

const find = async (id: string, since?: Date) =>
  await inTime(findRollout({ link: fleet.connect().link, reader }, id, { since }));

describe('a rollout is found', () => {
  it.each([1, 8, 29])('that was begun %i days ago', async (days) => {
    await begin('old-1');
    await vi.advanceTimersByTimeAsync(days * DAY_MS);
    expect((await find('old-1')).state.record.rolloutId).toBe('old-1');
  });

  it('the newest one, where an id was used again', async () => {
    await begin('old-1');
    await vi.advanceTimersByTimeAsync(8 * DAY_MS);
    const again = await begin('old-1');
    expect((await find('old-1')).state.record.jobs).toEqual(again.state.record.jobs);
  });

  it('no further back than is asked for', async () => {
    await begin('old-1');
    await vi.advanceTimersByTimeAsync(8 * DAY_MS);
    await expect(find('old-1', new Date(Date.now() - DAY_MS))).rejects.toThrow('there is no rollout old-1');
  });
});

describe('a rollout that is paused, resumed without its gates', () => {
  const requests = () =>
    fleet.log
      .map(({ body }) => JSON.parse(body.toString('utf8')))
      .filter(({ type }) => type === 'fleetwall.rollout.requested')
      .map(({ data }) => data.request);
  const resume = async (gates?: { rules: typeof rules; look: () => Promise<never[]> }) =>
    await inTime(resumeRollout({ link: fleet.connect().link, reader } as never, 'held-1', { gates }));

  beforeEach(async () => {
    const log = await begin('held-1');
    await inTime(log.say('fleetwall.rollout.requested', { rolloutId: 'held-1', request: 'pause' }));
  });

  it('stays paused where nobody runs it', async () => {
    await expect(resume()).rejects.toThrow('give their file (--gates FILE)');
    expect(requests()).toEqual(['pause']);
  });

  it('goes on in the process that runs it, which has them', async () => {
    await fleet.connect().link.names.hold('any', () => {});
    await expect(resume()).rejects.toThrow('rollout held-1 is run by another process');
    expect(requests()).toEqual(['pause', 'resume']);
  });

  it('stays paused where others are given', async () => {
    await fleet.connect().link.names.hold('any', () => {});
    const others = { rules: { ...rules, digest: '1'.repeat(64) }, look: async () => [] };
    await expect(resume(others)).rejects.toThrow('these are not the gates');
    expect(requests()).toEqual(['pause']);
  });
});
