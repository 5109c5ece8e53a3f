import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { RolloutLog } from '../../src/central/rollout/rollout-log.ts';
import { runRollout } from '../../src/central/rollout/run-rollout.ts';
import { type Fate, ImaginedFleet, type ImaginedLink } from '../support/imagined-fleet.ts';
import { inTime, recordOf, type Trial } from '../support/imagined-rollout.ts';

const HOSTS = ['host-0', 'host-1', 'host-2'];
const WELL: Fate = { kind: 'applied', startMs: 100, runMs: 100, had: true };
const reader = new EventReader(undefined);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('what a rollout tells its hosts', () => {
  let fleet: ImaginedFleet;
  const begin = async (link: ImaginedLink, plan: Pick<Trial, 'onFailure'> & { silent: number }) => {
    const budgets = { failed: 0, rolledBack: 0, silent: plan.silent };
    const { onFailure } = plan;
    const record = await recordOf(
      { fates: [], steps: [2], budgets, onFailure, lives: [], soakSeconds: 0 },
      HOSTS,
    );
    const log = await inTime(RolloutLog.begin(link, reader, record));
    return { record, ends: runRollout(link, log, undefined) };
  };

  describe('where the broker never takes what is for one of them', () => {
    /** As RabbitMQ does while the leader of a queue is away: it confirms nothing of it. */
    const stuck = (link: ImaginedLink): ImaginedLink => ({
      ...link,
      publish: async (message) => {
        if (message.key === 'host.host-1') return await new Promise<never>(() => {});
        return await link.publish(message);
      },
    });

    beforeEach(() => {
      fleet = new ImaginedFleet(new Map(HOSTS.map((host) => [host, WELL])));
    });

    it('holds up no other: that one is silent when its time is over', async () => {
      const { ends } = await begin(stuck(fleet.connect().link), { onFailure: 'stop', silent: 1 });
      expect(await inTime(ends)).toMatchObject({
        status: 'completed',
        hosts: { 'host-0': 'applied', 'host-1': 'silent', 'host-2': 'applied' },
      });
    });

    it('can be aborted, and taken back', async () => {
      const { record, ends } = await begin(stuck(fleet.connect().link), { onFailure: 'rollback', silent: 1 });
      const { link } = fleet.connect();
      await vi.advanceTimersByTimeAsync(1_000);
      const asking = RolloutLog.find(link, reader, record.rolloutId, 'first').then(
        async (log) =>
          await log.say('fleetwall.rollout.requested', { rolloutId: record.rolloutId, request: 'abort' }),
      );
      await inTime(asking);
      expect(await inTime(ends)).toMatchObject({
        status: 'aborted',
        hosts: { 'host-0': 'rolled_back', 'host-1': 'silent', 'host-2': 'not_started' },
      });
      expect(fleet.live.get('host-0')).toBe('old');
    });
  });

  it.each([4_000, 9_000, 12_000, 60_000])(
    'is in time though the broker stands still for %i ms as it is sent: who begins after that is not silent',
    async (pauseMs) => {
      // The time to begin is 10 s, of which a host that begins 8 s after it has its job has 2 left.
      fleet = new ImaginedFleet(new Map(HOSTS.map((host) => [host, { ...WELL, startMs: 8_000 }])));
      const { link } = fleet.connect();
      let goesOn: Promise<unknown> | null = null;
      const paused: ImaginedLink = {
        ...link,
        publish: async (message) => {
          if (message.key.startsWith('host.'))
            goesOn ??= new Promise((resolve) => setTimeout(resolve, pauseMs));
          await goesOn;
          return await link.publish(message);
        },
      };
      const { ends } = await begin(paused, { onFailure: 'rollback', silent: 0 });
      const { status, hosts } = await inTime(ends);
      expect({ status, hosts: new Set(Object.values(hosts)) }).toEqual({
        status: 'completed',
        hosts: new Set(['applied']),
      });
    },
  );
});
