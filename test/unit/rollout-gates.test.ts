import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { GateFailed, PlanError } from '../../src/central/messages/errors.ts';
import { passGates } from '../../src/central/rollout/open-gates.ts';
import { RolloutLog } from '../../src/central/rollout/rollout-log.ts';
import { runRollout } from '../../src/central/rollout/run-rollout.ts';
import type { GateLook, GateRules } from '../../src/contract/rollouts/gates.ts';
import type { RolloutStarted } from '../../src/contract/rollouts/rollout-events.ts';
import { type Fate, ImaginedFleet } from '../support/imagined-fleet.ts';
import { inTime, recordOf } from '../support/imagined-rollout.ts';

const WELL: Fate = { kind: 'applied', startMs: 100, runMs: 100, had: true };
const HOSTS = ['host-0', 'host-1'];
const GOOD_SECONDS = 100;
const reader = new EventReader(undefined);
const rules: GateRules = {
  names: ['g'],
  digest: '0'.repeat(64),
  everySeconds: 3,
  failures: 2,
  onInconclusive: 'pause',
};
const look = (verdict: GateLook['verdict']): GateLook => ({
  name: 'g',
  verdict,
  value: null,
  wanted: '',
  reason: 'so it is',
  at: new Date().toISOString(),
});

describe('a rollout with gates', () => {
  let fleet: ImaginedFleet;
  let record: RolloutStarted;
  let log: RolloutLog;

  beforeEach(async () => {
    vi.useFakeTimers();
    fleet = new ImaginedFleet(new Map(HOSTS.map((host) => [host, WELL])));
    const budgets = { failed: 0, rolledBack: 0, silent: 0 };
    const plan = {
      fates: [],
      steps: [1],
      budgets,
      onFailure: 'rollback' as const,
      lives: [],
      soakSeconds: 0,
    };
    const expiresAt = new Date(Date.now() + GOOD_SECONDS * 1000).toISOString();
    record = { ...(await recordOf(plan, HOSTS)), gates: rules, expiresAt };
    log = await inTime(RolloutLog.begin(fleet.connect().link, reader, record));
  });
  afterEach(() => void vi.useRealTimers());

  it.each([[[]], [['pause', 'resume']]] as const)(
    'is begun on what the process sees that begins it, and not on what another had seen: %j',
    async (requests) => {
      const looks = [look('pass')];
      await inTime(log.say('fleetwall.rollout.looked', { rolloutId: record.rolloutId, step: -1, looks }));
      const watch = { rules, look: async () => [look('fail')] };
      const [first] = requests;
      const say = async (request: 'pause' | 'resume') =>
        await log.say('fleetwall.rollout.requested', { rolloutId: record.rolloutId, request });
      if (first !== undefined) await inTime(say(first));
      const ends = runRollout(fleet.connect().link, log, watch);
      if (first !== undefined) {
        await vi.advanceTimersByTimeAsync(10_000);
        await inTime(say('resume'));
      }
      expect(await inTime(ends)).toMatchObject({
        status: 'stopped',
        hosts: { 'host-0': 'not_started', 'host-1': 'not_started' },
      });
      expect(fleet.sent).toEqual([]);
    },
  );

  it('ends with the time of its jobs while one says nothing: nobody is begun, and nothing is taken back', async () => {
    const began = Date.now();
    const isOver = () => Date.now() > began + 2 * GOOD_SECONDS * 1000;
    const watch = {
      rules,
      look: async () => [look(fleet.sent.length === 0 || isOver() ? 'pass' : 'inconclusive')],
    };
    const ends = runRollout(fleet.connect().link, log, watch).catch((error: unknown) => error);
    const error = await inTime(ends);
    expect(error).toBeInstanceOf(PlanError);
    expect(String(error)).toContain(`have expired at ${record.expiresAt}`);
    expect(fleet.sent.map(({ host }) => host)).toEqual(['host-0']);
    expect(fleet.live.get('host-0')).toBe('new');
  });

  it('is not begun on a look of long ago: the broker was away since', async () => {
    let verdict: GateLook['verdict'] = 'pass';
    const { link } = fleet.connect();
    const slow = {
      ...link,
      publish: async (message: Parameters<typeof link.publish>[0]) => {
        if (message.key.endsWith('.looked') && verdict === 'pass') {
          await new Promise((resolve) => setTimeout(resolve, 70_000));
          verdict = 'fail';
        }
        return await link.publish(message);
      },
    };
    const own = await inTime(RolloutLog.find(slow, reader, record.rolloutId, 'first'));
    const ends = runRollout(slow, own, { rules, look: async () => [look(verdict)] });
    expect(await inTime(ends)).toMatchObject({ status: 'stopped', hosts: { 'host-0': 'not_started' } });
  });
});

it('a gate that says nothing before a rollout is waited for no longer than its jobs are good', async () => {
  const expiresAt = new Date(Date.now() + 300).toISOString();
  const watch = { rules: { ...rules, everySeconds: 0.05 }, look: async () => [look('inconclusive')] };
  const passing = passGates(watch, { expiresAt } as RolloutStarted, {});
  await expect(passing).rejects.toThrow(GateFailed);
  await expect(passing).rejects.toThrow('gate "g" (so it is) has said nothing yet');
});
