import { describe, expect, it } from 'vitest';
import type { EventRow } from '../../../src/console/api/events.ts';
import { eventSearch, isChosen } from '../../../src/console/page/state/event-filter.ts';
import { partsOf } from '../../../src/console/page/state/event-parts.ts';
import {
  addNew,
  addOlder,
  EMPTY_TAIL,
  MOST_EVENTS,
  release,
} from '../../../src/console/page/state/event-tail.ts';
import { COMPLETED_EXAMPLE, ENDED_EXAMPLE } from '../../../src/contract/schema/event-examples.ts';

function event(offset: number, more: Partial<EventRow> = {}): EventRow {
  return {
    offset,
    time: '2026-11-22T10:00:00Z',
    type: 'fleetwall.job.completed',
    hostId: 'web-1',
    rolloutId: null,
    jobId: 'job-1',
    ruleset: 'edge',
    list: null,
    outcome: 'failed',
    code: 'rule_rejected',
    says: "edge revision 7 failed: Chain 'NOPE' does not exist",
    ...more,
  };
}

function events(from: number, to: number): EventRow[] {
  return Array.from({ length: to - from + 1 }, (_, index) => event(from + index));
}

describe('the tail of events', () => {
  it('has the newest first, each once', () => {
    const first = addOlder(EMPTY_TAIL, [event(3), event(2)], true);
    const tail = addNew(first, [event(2), event(3), event(4), event(5)], false);
    expect(tail.shown.map(({ offset }) => offset)).toEqual([5, 4, 3, 2]);
    expect(addOlder(tail, [event(2), event(1)], false)).toMatchObject({ hasOlder: false });
    expect(addOlder(tail, [event(2), event(1)], false).shown.at(-1)?.offset).toBe(1);
  });

  it('keeps those that come while it is held, and shows them afterwards', () => {
    const held = addNew(addNew(addOlder(EMPTY_TAIL, [event(1)], false), [event(2)], true), [event(3)], true);
    expect(held.shown.map(({ offset }) => offset)).toEqual([1]);
    expect(held.waiting.map(({ offset }) => offset)).toEqual([3, 2]);
    expect(release(held).shown.map(({ offset }) => offset)).toEqual([3, 2, 1]);
    expect(release(held).waiting).toEqual([]);
  });

  it('never grows beyond its limit: the oldest that are shown go first', () => {
    let tail = EMPTY_TAIL;
    for (let from = 1; from < 3 * MOST_EVENTS; from += 500)
      tail = addNew(tail, events(from, from + 499), false);
    expect(tail.shown).toHaveLength(MOST_EVENTS);
    expect(tail.shown[0]?.offset).toBe(3 * MOST_EVENTS);
    expect(tail).toMatchObject({ hasOlder: true, skipped: 0 });
  });

  it('nor while it is held: then what is looked at stays, and it is said how many are left out', () => {
    const shown = addNew(EMPTY_TAIL, events(1, 100), false);
    let tail = shown;
    for (let from = 101; from < 10_000; from += 100) tail = addNew(tail, events(from, from + 99), true);
    expect(tail.shown).toEqual(shown.shown);
    expect(tail.waiting).toHaveLength(MOST_EVENTS - 100);
    expect(tail.waiting[0]?.offset).toBe(10_000);
    expect(tail.skipped).toBe(10_000 - MOST_EVENTS);
  });
});

it('chooses live events as the server does', () => {
  const one = event(1, { list: 'blocked', ruleset: null, rolloutId: 'night' });
  for (const query of [
    {},
    { host: 'web-1' },
    { type: 'fleetwall.job.completed', outcome: 'failed' },
    { ruleset: 'blocked' },
    { rollout: 'night' },
    { q: "chain 'nope" },
    { q: 'RULE_REJECTED' },
    { q: 'WEB-1' },
  ])
    expect(isChosen(one, query)).toBe(true);
  for (const query of [
    { host: 'web' },
    { type: 'fleetwall.job.started' },
    { outcome: 'applied' },
    { ruleset: 'edge' },
    { rollout: 'day' },
    { q: 'night' },
  ])
    expect(isChosen(one, query)).toBe(false);
});

it('asks the server for what the address says', () => {
  const query = { host: 'web-1', at: '2026-11-22T10:00:00Z', sort: 'host' };
  expect(eventSearch(query, { limit: 10 })).toEqual({
    host: 'web-1',
    until: '2026-11-22T10:00:00Z',
    limit: '10',
  });
  expect(eventSearch({}, { before: '5', limit: 10 })).toEqual({ before: '5', limit: '10' });
});

describe('of an event', () => {
  it('the failure and the difference are found', () => {
    expect(partsOf(COMPLETED_EXAMPLE)).toMatchObject({
      diff: null,
      failure: { code: 'rule_rejected', lines: [{ line: 4 }] },
      takenBack: null,
    });
    expect(partsOf(ENDED_EXAMPLE)).toMatchObject({ diff: { removed: 1 }, failure: null });
  });

  it('who made a drift is found', () => {
    const diff = { added: 1, removed: 0, unchanged: 2, tables: [] };
    const drift = {
      type: 'fleetwall.drift.detected',
      data: { by: { pid: 4711, name: 'ufw' }, diff, gaveUp: true },
    };
    expect(partsOf(drift)).toMatchObject({ by: { pid: 4711, name: 'ufw' }, gaveUp: true, diff });
  });

  it('nothing is found where there is nothing', () => {
    for (const nothing of [null, 'text', {}, { data: { diff: 'x', failure: [], by: {}, entries: 3 } }])
      expect(partsOf(nothing)).toEqual({
        diff: null,
        failure: null,
        by: null,
        gaveUp: false,
        entries: null,
        takenBack: null,
      });
  });
});
