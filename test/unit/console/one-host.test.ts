import { describe, expect, it } from 'vitest';
import { FleetState, MOST_NAMES } from '../../../src/central/log/fleet-state.ts';
import { eventRow } from '../../../src/console/fold/event-row.ts';
import { HostPast } from '../../../src/console/fold/host-past.ts';
import { noExtras, takeExtras } from '../../../src/console/fold/host-rows.ts';
import { Hosts } from '../../../src/console/fold/hosts.ts';
import type { FleetEvent, WorkerEvent } from '../../../src/contract/events/event.ts';
import { driftEventOf, jobEventOf, workerEventOf } from '../../support/example-events.ts';
import { host } from '../console-page/hosts.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const HEX = 'a'.repeat(64);
const MANY = MOST_NAMES + 200;
const numbers = Array.from({ length: MANY }, (_, number) => number);

const job = (number: number) => ({ id: `job-${number}`, action: 'apply' }) as const;

/** The end of a job that tells of one ruleset, or one list, more. */
function endOf(kind: 'ruleset' | 'list' | 'removed ruleset' | 'removed list', number: number): FleetEvent {
  const isGone = kind.startsWith('removed');
  const live = isGone
    ? { liveRevision: null, liveDigest: null }
    : { liveRevision: 1, liveDigest: kind === 'list' ? HEX : `sha256:${HEX}` };
  const named = { name: `n${number}`, revision: 1, digest: null, ...live };
  const isList = kind.endsWith('list');
  const event = jobEventOf('odd-1', job(number), isGone && !isList ? 'removed' : 'applied');
  const of = isList
    ? { action: isGone ? 'list.remove' : 'list.change', ruleset: null, list: { ...named, entries: 1 } }
    : { action: isGone ? 'remove' : 'apply', ruleset: named };
  return { ...event, data: { ...event.data, ...of } } as FleetEvent;
}

const online = (id: string, data: Partial<WorkerEvent['data']> = {}) => {
  const event = workerEventOf(id, [], 'fleetwall.worker.online');
  return { ...event, data: { ...event.data, ...data } } as FleetEvent;
};

describe('a host that tells of names without end', () => {
  it.each([
    ['ruleset', 'rulesets'],
    ['list', 'lists'],
    ['removed ruleset', 'removed'],
    ['removed list', 'removedLists'],
  ] as const)('has the newest alone: %s', (kind, held) => {
    const fleet = new FleetState();
    fleet.take(online('odd-1'));
    for (const number of numbers) fleet.take(endOf(kind, number));
    const names = fleet.hosts.get('odd-1')?.[held].map(({ name }) => name);
    expect(names).toEqual(numbers.slice(-MOST_NAMES).map((number) => `n${number}`));
  });

  it('is said to have more, until it says itself what it has', () => {
    const fleet = new FleetState();
    const isCut = () => fleet.hosts.get('odd-1')?.isCut;
    fleet.take(online('odd-1'));
    for (const number of numbers.slice(0, MOST_NAMES)) fleet.take(endOf('list', number));
    expect(isCut()).toBe(false);
    // One that is known already takes no room.
    fleet.take(endOf('list', 0));
    expect(isCut()).toBe(false);
    fleet.take(endOf('list', MOST_NAMES));
    expect(isCut()).toBe(true);
    fleet.take(online('odd-1'));
    expect(isCut()).toBe(false);
  });

  it('keeps all that it says of itself: what was removed, too', () => {
    const fleet = new FleetState();
    const removed = numbers.map((number) => ({ name: `n${number}`, revision: 3 }));
    fleet.take(online('odd-1', { removed }));
    expect(fleet.hosts.get('odd-1')?.removed).toEqual(removed);
    fleet.take(endOf('removed ruleset', MANY));
    expect(fleet.hosts.get('odd-1')?.removed).toHaveLength(MANY);
  });

  it('leaves no name of a list behind by its drifts', () => {
    const extras = noExtras();
    for (const number of numbers) {
      const { data, ...event } = driftEventOf('odd-1', 'edge');
      const { ruleset: _, ...rest } = data as { ruleset: unknown };
      takeExtras(
        extras,
        { ...event, data: { ...rest, list: { name: `n${number}`, revision: 1 } } } as never,
        0,
      );
    }
    expect(extras.listsInSync.size).toBe(MOST_NAMES);
    expect(extras.listsInSync.get(`n${MANY - 1}`)).toBe(false);
  });

  it('is marked on the page, where the others are as they are', () => {
    const hosts = new Hosts();
    hosts.take(online('web-1'), 0, NOW);
    hosts.take(online('odd-1'), 1, NOW);
    for (const number of numbers) hosts.take(endOf('list', number), 2 + number, NOW);
    expect(hosts.row('odd-1', null)).toMatchObject({ isCut: true });
    expect(hosts.row('odd-1', null)?.lists).toHaveLength(MOST_NAMES);
    expect(hosts.row('web-1', null)).toMatchObject({ isCut: false, lists: [], rulesets: [] });
  });
});

describe('what a host was before', () => {
  it('is forgotten by its size, the oldest first, but for the last few', () => {
    const past = new HostPast();
    const row = (version: string) => host('odd-1', { version });
    for (const number of numbers.slice(0, 20)) past.change(NOW + number, row(`v${number}`), 10, 100);
    expect(past.at(NOW + 9)).toBeNull();
    expect(past.at(NOW + 10)?.version).toBe('v10');
    past.change(NOW + 20, row('large'), 1_000, 100);
    expect([16, 17, 20].map((number) => past.at(NOW + number)?.version)).toEqual([undefined, 'v17', 'large']);
  });
});

describe('an event in short', () => {
  it('is short, whatever a host writes into it', () => {
    const long = 'x'.repeat(50_000);
    const event = jobEventOf('odd-1', { id: long, action: 'apply' }, 'applied');
    const time = `2026-11-22T10:00:00.${'1'.repeat(50_000)}Z`;
    const row = eventRow(1, { ...event, time, data: { ...event.data, rolloutId: long } } as FleetEvent);
    expect(row.time).toBe('2026-11-22T10:00:00.111Z');
    expect(JSON.stringify(row).length).toBeLessThan(3_000);
  });
});
