import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { RolloutIsRun } from '../../src/central/messages/errors.ts';
import { RolloutLog } from '../../src/central/rollout/rollout-log.ts';
import { runRollout } from '../../src/central/rollout/run-rollout.ts';
import { type RolloutStarted, rolloutQueue } from '../../src/contract/rollouts/rollout-events.ts';
import { type Fate, ImaginedFleet, type ImaginedLink } from '../support/imagined-fleet.ts';
import { inTime, recordOf } from '../support/imagined-rollout.ts';

const WELL: Fate = { kind: 'applied', startMs: 100, runMs: 100, had: true };
const HOSTS = ['host-0', 'host-1', 'host-2'];
const SOAK_SECONDS = 20;
const reader = new EventReader(undefined);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A process that is cut off from the broker as it publishes its nth event of a kind; it hears nothing from then on either. */
function cutOffAt(kind: string, count: number, { link }: { link: ImaginedLink }) {
  let mend: () => void = () => {};
  const mended = new Promise<void>((resolve) => (mend = resolve));
  let isCut = false;
  let left = count;
  const cut: ImaginedLink = {
    ...link,
    publish: async (message, signal) => {
      if (message.key.endsWith(kind)) left -= 1;
      if (left <= 0) isCut = true;
      if (isCut) await mended;
      return await link.publish(message, signal);
    },
    read: async (start, onMessage) =>
      await link.read(start, (message) => {
        if (isCut) void mended.then(() => onMessage(message));
        else onMessage(message);
      }),
  };
  return { link: cut, mend, isCut: () => isCut };
}

describe('a process that was cut off from the broker as it began a step', () => {
  let fleet: ImaginedFleet;
  let record: RolloutStarted;
  let first: ReturnType<typeof cutOffAt>;
  let firstEnds: Promise<unknown>;

  beforeEach(async () => {
    fleet = new ImaginedFleet(new Map(HOSTS.map((host) => [host, WELL])));
    const budgets = { failed: 0, rolledBack: 0, silent: 0 };
    const plan = { fates: [], steps: [1], budgets, onFailure: 'stop' as const, lives: [] };
    record = await recordOf({ ...plan, soakSeconds: SOAK_SECONDS }, HOSTS);
    first = cutOffAt('.step', 2, fleet.connect());
    const log = await inTime(RolloutLog.begin(first.link, reader, record));
    firstEnds = runRollout(first.link, log, undefined).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(first.isCut()).toBe(true);
    // The broker has given up its connection.
    first.link.names.release(rolloutQueue(record.rolloutId));
  });

  const find = async (link: ImaginedLink) => await RolloutLog.find(link, reader, record.rolloutId, 'first');
  const told = () => new Set(fleet.sent.map(({ host }) => host));
  const ask = async (request: 'pause' | 'resume' | 'abort') => {
    const log = await find(fleet.connect().link);
    await log.say('fleetwall.rollout.requested', { rolloutId: record.rolloutId, request });
  };

  it('does not begin it after a pause', async () => {
    await inTime(ask('pause'));
    first.mend();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told()).toEqual(new Set(['host-0']));
    await inTime(ask('resume'));
    expect(await inTime(firstEnds)).toMatchObject({ status: 'completed' });
    expect(told()).toEqual(new Set(HOSTS));
  });

  it('does not begin it where another process has gone on, which soaks for as long as it has to', async () => {
    const { link } = fleet.connect();
    const takenAt = Date.now();
    const second = runRollout(link, await inTime(find(link)), undefined);
    await vi.advanceTimersByTimeAsync(5_000);
    first.mend();
    expect(await inTime(firstEnds)).toBeInstanceOf(RolloutIsRun);
    expect(await inTime(second)).toMatchObject({ status: 'completed' });
    const later = fleet.sent.filter(({ host }) => host !== 'host-0').map(({ at }) => at - takenAt);
    expect(Math.min(...later)).toBeGreaterThanOrEqual(SOAK_SECONDS * 1000);
  });

  it('changes nothing of a rollout that another has ended', async () => {
    await inTime(ask('abort'));
    const { link } = fleet.connect();
    const end = await inTime(runRollout(link, await inTime(find(link)), undefined));
    first.mend();
    expect(await inTime(firstEnds)).toEqual(end);
    const { state } = await inTime(find(fleet.connect().link));
    expect([state.step, state.hosts.get('host-1')?.step]).toEqual([0, null]);
    expect(told()).toEqual(new Set(['host-0']));
  });
});

it('an event that was published twice counts once: a look at a gate, and a pause behind the resume that ended it', async () => {
  const fleet = new ImaginedFleet(new Map([['host-0', WELL]]));
  const budgets = { failed: 0, rolledBack: 0, silent: 0 };
  const plan = { fates: [], steps: [], budgets, onFailure: 'stop' as const, soakSeconds: 0, lives: [] };
  const gates = {
    names: ['g'],
    digest: '0'.repeat(64),
    everySeconds: 3,
    failures: 2,
    onInconclusive: 'pause' as const,
  };
  const record = { ...(await recordOf(plan, ['host-0'])), gates };
  const { rolloutId } = record;
  const { link } = fleet.connect();
  let isTwice = true;
  // The broker has taken it, and its confirm was lost: it is published again.
  const twice: ImaginedLink = {
    ...link,
    publish: async (message) => {
      if (isTwice) await link.publish(message);
      return await link.publish(message);
    },
  };
  const log = await inTime(RolloutLog.begin(twice, reader, record));
  const look = {
    name: 'g',
    verdict: 'fail' as const,
    value: null,
    wanted: '',
    reason: '',
    at: new Date().toISOString(),
  };
  await inTime(log.say('fleetwall.rollout.looked', { rolloutId, step: -1, looks: [look] }));
  expect(log.state.gates.get('g')).toMatchObject({ failuresInRow: 1 });

  await inTime(log.say('fleetwall.rollout.requested', { rolloutId, request: 'pause' }));
  isTwice = false;
  const pause = fleet.log.at(-1);
  await inTime(log.say('fleetwall.rollout.requested', { rolloutId, request: 'resume' }));
  await inTime(
    link.publish({
      exchange: pause?.exchange ?? '',
      key: pause?.key ?? '',
      body: pause?.body ?? Buffer.alloc(0),
      contentType: 'application/cloudevents+json',
      messageId: 'x',
    }),
  );
  expect(log.state.isPaused).toBe(false);
});
