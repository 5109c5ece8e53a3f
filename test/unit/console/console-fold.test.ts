import { describe, expect, it } from 'vitest';
import type { IncomingMessage } from '../../../src/broker/stream-source.ts';
import { EventReader } from '../../../src/central/log/event-reader.ts';
import { FleetState, type HostState } from '../../../src/central/log/fleet-state.ts';
import { ConsoleFold } from '../../../src/console/fold/console-fold.ts';
import type { FleetEvent } from '../../../src/contract/events/event.ts';
import { forgottenKey, hostForgotten } from '../../../src/contract/events/host-forgotten.ts';
import { rolloutKey } from '../../../src/contract/rollouts/rollout-events.ts';
import { ROLLOUT_EXAMPLES } from '../../../src/contract/schema/operator-examples.ts';
import { EVENTS_EXCHANGE, eventKey, OPERATOR_EXCHANGE } from '../../../src/contract/words/names.ts';
import { driftEventOf, jobEventOf, workerEventOf } from '../../support/example-events.ts';
import { Random } from '../../support/random.ts';

const START = Date.parse('2026-11-22T10:00:00Z');
const SECOND = 1_000;
const DIGEST = `sha256:${'5e'.repeat(32)}`;

type Timed = { time: string };

const at = <T extends Timed>(event: T, seconds: number): T => ({
  ...event,
  time: new Date(START + seconds * SECOND).toISOString(),
});

function held(event: FleetEvent, revision: number, inSync = true): FleetEvent {
  const rulesets = [{ name: 'edge', revision, digest: DIGEST, scope: 'chains', inSync }];
  return { ...event, data: { ...event.data, rulesets } } as FleetEvent;
}

/** Events as they stand in the log. */
class Log {
  readonly messages: IncomingMessage[] = [];

  host(event: FleetEvent): void {
    const outcome = event.type === 'fleetwall.job.completed' ? event.data.outcome : undefined;
    this.#add(EVENTS_EXCHANGE, eventKey(event.data.hostId, event.type, outcome), event);
  }

  operator(key: string, event: object): void {
    this.#add(OPERATOR_EXCHANGE, key, event);
  }

  /** @param until in the log */
  fold(until = this.messages.length): ConsoleFold {
    const fold = new ConsoleFold(new EventReader(undefined));
    for (const message of this.messages.slice(0, until)) fold.take(message, START);
    return fold;
  }

  #add(exchange: string, key: string, event: object): void {
    const body = Buffer.from(JSON.stringify(event));
    const offset = this.messages.length;
    this.messages.push({ exchange, key, user: undefined, body, contentType: undefined, offset });
  }
}

const jobOf = (number: number) =>
  ({ id: `1b0f6a53-5c7e-4f5b-8a51-${String(number).padStart(12, '0')}`, action: 'apply' }) as const;

/** A day of six hosts, an event every five seconds. */
function someDay(random: Random, length: number): Log {
  const log = new Log();
  for (let number = 0; number < length; number += 1) {
    const host = `web-${random.below(6)}`;
    const revision = 1 + Math.floor(number / 40);
    const event = random.pick([
      held(workerEventOf(host, ['web'], 'fleetwall.worker.heartbeat'), revision),
      held(workerEventOf(host, ['web'], 'fleetwall.worker.heartbeat'), revision),
      held(workerEventOf(host, ['web', 'edge'], 'fleetwall.worker.online'), revision),
      held(workerEventOf(host, ['web'], 'fleetwall.worker.offline'), revision),
      jobEventOf(host, jobOf(number), null),
      jobEventOf(host, jobOf(number), 'applied'),
      jobEventOf(host, jobOf(number), 'failed rule_rejected'),
      driftEventOf(host, 'edge'),
    ]);
    log.host(at(event, number * 5));
    if (random.chance(2)) log.operator(forgottenKey(host), hostForgotten(host));
  }
  return log;
}

describe('what a page is told of a fleet', () => {
  it('is what status would say, whatever was not read whole', () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const log = someDay(new Random(seed), 300);
      const reader = new EventReader(undefined);
      const fleet = new FleetState();
      for (const message of log.messages) {
        const forgotten = reader.readForgotten(message);
        if (forgotten !== null) fleet.forget(forgotten);
        const event = reader.read(message);
        if (event !== null) fleet.take(event as FleetEvent);
      }
      const told = log.fold().fleet(null).hosts;
      const short = ({
        hostId,
        presence,
        groups,
        running,
      }: Pick<HostState, 'hostId' | 'presence' | 'groups' | 'running'>) =>
        [hostId, { presence, groups, running }] as const;
      expect(new Map(told.map(short))).toEqual(new Map([...fleet.hosts.values()].map(short)));
      for (const { hostId, lastSeen, rulesets } of told) {
        const host = fleet.hosts.get(hostId);
        expect(lastSeen).toBe(host?.lastSeen.toISOString());
        expect(rulesets.map(({ name, revision, inSync }) => ({ name, revision, inSync }))).toEqual(
          host?.rulesets.map(({ name, revision, inSync }) => ({ name, revision, inSync })),
        );
      }
    }
  });

  it('at a time is what it was told then', () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const log = someDay(new Random(seed), 200);
      const whole = log.fold();
      for (const place of [17, 60, 111, 180]) {
        const last = JSON.parse(String(log.messages[place]?.body)) as Timed;
        // What is said of a forgotten host has the time of this machine.
        if (log.messages[place]?.exchange === OPERATOR_EXCHANGE) continue;
        const time = Date.parse(last.time);
        const then = log.fold(place + 1).fleet(null).hosts;
        const short = ({ presence, ...host }: (typeof then)[number]) => ({
          ...host,
          lastSeen: '',
          // Who had not been heard of for long was silent, which only a clock tells.
          isOffline: presence === 'offline',
        });
        const byId = (a: { hostId: string }, b: { hostId: string }) => a.hostId.localeCompare(b.hostId);
        expect(whole.fleet(time).hosts.map(short).toSorted(byId)).toEqual(then.map(short).toSorted(byId));
      }
    }
  });

  it('says who was not heard of, then and now', () => {
    const log = new Log();
    const beat = (seconds: number) =>
      log.host(at(held(workerEventOf('web-1', [], 'fleetwall.worker.heartbeat'), 1), seconds));
    for (let seconds = 0; seconds <= 300; seconds += 30) beat(seconds);
    // It hangs for ten minutes.
    for (let seconds = 900; seconds <= 1_200; seconds += 30) beat(seconds);
    const fold = log.fold();
    const presence = (seconds: number) => fold.fleet(START + seconds * SECOND).hosts[0]?.presence;
    expect([150, 380, 700, 910, 1_250].map(presence)).toEqual([
      'online',
      'online',
      'silent',
      'online',
      'online',
    ]);
    expect(fold.fleet(START - SECOND).hosts).toEqual([]);
    fold.caughtUp(START + 1_240 * SECOND);
    expect(fold.fleet(null).hosts[0]?.presence).toBe('online');
    fold.markSilent(START + 1_400 * SECOND);
    expect(fold.fleet(null).hosts[0]?.presence).toBe('silent');
    expect(fold.drain(START)?.hosts.map(({ presence: now }) => now)).toEqual(['silent']);
    expect(fold.host('web-1', null)?.gaps.map(({ until }) => until)).toEqual([
      null,
      '2026-11-22T10:15:00.000Z',
    ]);
  });

  it('has a host that beats less often as silent later', () => {
    const log = new Log();
    for (let minutes = 0; minutes <= 50; minutes += 10)
      log.host(at(held(workerEventOf('slow', [], 'fleetwall.worker.heartbeat'), 1), minutes * 60));
    const fold = log.fold();
    fold.caughtUp(START + 70 * 60 * SECOND);
    expect(fold.fleet(null).hosts[0]?.presence).toBe('online');
    fold.markSilent(START + 81 * 60 * SECOND);
    expect(fold.fleet(null).hosts[0]?.presence).toBe('silent');
  });

  it('takes no heartbeat for a repeated one that somebody else has written', () => {
    const log = new Log();
    const event = at(held(workerEventOf('web-1', ['web'], 'fleetwall.worker.heartbeat'), 1), 0);
    log.host(event);
    const [first] = log.messages;
    if (first === undefined) throw new Error('the log is empty');
    const fold = log.fold();
    const body = Buffer.from(JSON.stringify(at(event, 3_600)));
    fold.take({ ...first, user: 'web-2', body, offset: 1 }, START);
    expect(fold.fleet(null).hosts[0]?.lastSeen).toBe(event.time);
    fold.take({ ...first, user: undefined, body, offset: 2 }, START);
    expect(fold.fleet(null).hosts[0]?.lastSeen).toBe('2026-11-22T11:00:00.000Z');
  });

  it('has the failure, and where in the log it is', () => {
    const log = new Log();
    log.host(at(held(workerEventOf('web-1', [], 'fleetwall.worker.online'), 6), 0));
    log.host(at(jobEventOf('web-1', jobOf(1), 'failed rule_rejected'), 10));
    const fold = log.fold();
    const failure = {
      at: '2026-11-22T10:00:10.000Z',
      code: 'rule_rejected',
      what: 'edge revision 7',
      event: 1,
    };
    expect(fold.fleet(null).hosts[0]?.lastFailure).toEqual(failure);
    const { events } = fold.events({ outcome: 'failed', host: 'web-1' }, 10);
    expect(events.map(({ offset, code }) => [offset, code])).toEqual([[1, 'rule_rejected']]);
  });
});

describe('what a page is told of events', () => {
  const log = new Log();
  log.host(at(held(workerEventOf('web-1', [], 'fleetwall.worker.online'), 6), 0));
  for (let number = 0; number < 30; number += 1)
    log.host(
      at(
        jobEventOf(`web-${number % 3}`, jobOf(number), number % 2 === 0 ? 'applied' : 'failed internal'),
        number,
      ),
    );
  const fold = log.fold();
  const offsets = (...args: Parameters<ConsoleFold['events']>) =>
    fold.events(...args).events.map(({ offset }) => offset);

  it('is the newest first, page by page', () => {
    expect(fold.events({}, 3)).toMatchObject({ hasMore: true });
    expect(offsets({}, 3)).toEqual([30, 29, 28]);
    expect(offsets({ before: 28 }, 3)).toEqual([27, 26, 25]);
    expect(fold.events({ before: 2 }, 3)).toMatchObject({ hasMore: false });
  });

  it.each([
    ['a host', { host: 'web-2' }, 10],
    ['an outcome', { outcome: 'failed' }, 15],
    ['both', { outcome: 'failed', host: 'web-2' }, 5],
    ['a kind', { type: 'fleetwall.worker.online' }, 1],
    ['a ruleset', { ruleset: 'edge' }, 30],
    ['another ruleset', { ruleset: 'other' }, 0],
    ['a time', { until: START + 9 * SECOND }, 11],
    ['a word, in whatever letters', { text: 'INTERNAL' }, 15],
  ])('is of %s, where that is asked for', (_, filter, count) => {
    expect(offsets(filter, 100)).toHaveLength(count);
  });
});

describe('what a page is told of a rollout', () => {
  const ID = ROLLOUT_EXAMPLES.started.data.rolloutId;
  const [job] = ROLLOUT_EXAMPLES.started.data.jobs;
  const log = new Log();
  const say = (event: (typeof ROLLOUT_EXAMPLES)[keyof typeof ROLLOUT_EXAMPLES], seconds: number) =>
    log.operator(rolloutKey(ID, event.type), at(event, seconds));
  say(ROLLOUT_EXAMPLES.started, 0);
  say(ROLLOUT_EXAMPLES['a step begins'], 1);
  const failed = jobEventOf('web-1', { id: job?.jobId ?? '', action: 'apply' }, 'failed rule_rejected');
  const { ruleset } = ROLLOUT_EXAMPLES.started.data;
  const asked = { ...ruleset, digest: null, liveRevision: null, liveDigest: null };
  log.host(at({ ...failed, data: { ...failed.data, ruleset: asked } } as FleetEvent, 5));
  say(
    {
      ...ROLLOUT_EXAMPLES.ended,
      data: {
        ...ROLLOUT_EXAMPLES.ended.data,
        status: 'stopped',
        reason: 'one failed',
        hosts: { 'web-1': 'failed' },
      },
    } as never,
    9,
  );
  const fold = log.fold();
  const then = (seconds: number) => fold.rollout(ID, START + seconds * SECOND, START);

  it('is how it was at that time', () => {
    expect(then(-1)).toBeNull();
    expect(then(0)?.rollout).toMatchObject({ status: 'running', begun: 0, ends: { not_started: 1 } });
    expect(then(2)?.rollout).toMatchObject({ status: 'running', begun: 1, ends: { running: 1 } });
    expect(then(6)).toMatchObject({
      rollout: { status: 'running', ends: { failed: 1 } },
      budgets: [{ name: 'failed', used: 1, of: 0 }, { used: 0 }, { used: 0 }],
    });
    expect(fold.rollout(ID, null, START)?.rollout).toMatchObject({ status: 'stopped', reason: 'one failed' });
  });

  it('has the failing line with what stands around it', () => {
    const [failure] = then(6)?.failures ?? [];
    expect(failure).toMatchObject({ hosts: ['web-1'], hostCount: 1, code: 'rule_rejected' });
    expect(failure?.lines[0]?.context.length).toBeGreaterThan(0);
  });

  it('has not the messages that it sends', () => {
    expect(JSON.stringify(fold.rollout(ID, null, START))).not.toContain(job?.body.slice(0, 40));
  });
});
