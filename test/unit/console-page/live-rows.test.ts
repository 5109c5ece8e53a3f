import { describe, expect, it } from 'vitest';
import type { Source } from '../../../src/console/api/live.ts';
import { LiveRows } from '../../../src/console/page/state/live-rows.ts';
import { needsReload } from '../../../src/console/page/state/needs-reload.ts';

interface Row {
  id: string;
  value: number;
}

function rowsOf(live: LiveRows<Row>): string[] {
  return live.all.map(({ id, value }) => `${id}${value}`).toSorted();
}

function loaded(seq: number, ...rows: Row[]): LiveRows<Row> {
  const live = new LiveRows<Row>(({ id }) => id);
  live.take(live.ask(), { seq, rows });
  return live;
}

describe('rows', () => {
  it('change, come and go', () => {
    const live = loaded(5, { id: 'a', value: 1 }, { id: 'b', value: 1 });
    live.change({
      seq: 6,
      rows: [
        { id: 'a', value: 2 },
        { id: 'c', value: 1 },
      ],
      gone: ['b'],
    });
    expect(rowsOf(live)).toEqual(['a2', 'c1']);
  });

  it('are as the snapshot has them, where a change is not newer than that', () => {
    const live = loaded(5, { id: 'a', value: 5 });
    live.change({ seq: 5, rows: [{ id: 'a', value: 4 }] });
    live.change({ seq: 4, rows: [{ id: 'a', value: 3 }], gone: ['a'] });
    expect(rowsOf(live)).toEqual(['a5']);
  });

  it('get what came while their snapshot was on its way, if it is newer', () => {
    const live = new LiveRows<Row>(({ id }) => id);
    live.change({ seq: 1, rows: [{ id: 'before', value: 1 }] });
    const asked = live.ask();
    live.change({
      seq: 7,
      rows: [
        { id: 'a', value: 7 },
        { id: 'b', value: 7 },
      ],
    });
    live.change({ seq: 9, rows: [{ id: 'b', value: 9 }], gone: ['c'] });
    expect(live.hasSnapshot).toBe(false);
    live.take(asked, {
      seq: 8,
      rows: [
        { id: 'a', value: 8 },
        { id: 'b', value: 8 },
        { id: 'c', value: 8 },
      ],
    });
    expect(rowsOf(live)).toEqual(['a8', 'b9']);
    live.change({ seq: 9, rows: [{ id: 'a', value: 0 }] });
    expect(rowsOf(live)).toEqual(['a8', 'b9']);
  });

  it('stay as they are until another snapshot is there, and take the one that was asked for last', () => {
    const live = loaded(9, { id: 'a', value: 9 });
    const [first, second] = [live.ask(), live.ask()];
    expect(rowsOf(live)).toEqual(['a9']);
    // The server was started anew: it counts from the beginning.
    expect(live.take(second, { seq: 1, rows: [{ id: 'a', value: 1 }] })).toBe(true);
    expect(live.take(first, { seq: 30, rows: [] })).toBe(false);
    live.change({ seq: 2, rows: [{ id: 'a', value: 2 }] });
    expect(rowsOf(live)).toEqual(['a2']);
  });

  it('are the same list until something changes', () => {
    const live = loaded(1, { id: 'a', value: 1 });
    const { all } = live;
    live.change({ seq: 2, rows: [] });
    expect(live.all).toBe(all);
    live.change({ seq: 3, rows: [{ id: 'a', value: 3 }] });
    expect(live.all).not.toBe(all);
  });
});

it('asks for all again when the server is another one, or has read the log', () => {
  const source: Source = {
    hasLogin: false,
    boot: 'one',
    broker: 'connected',
    since: '2026-11-22T10:00:00Z',
    why: null,
    reading: null,
    from: null,
    hosts: 0,
    events: 0,
  };
  const reading = { ...source, reading: { read: 1, of: 2 } };
  expect(needsReload(null, source)).toBe(false);
  expect(needsReload(source, { ...source, broker: 'away' })).toBe(false);
  expect(needsReload(source, { ...source, boot: 'two' })).toBe(true);
  expect(needsReload(source, reading)).toBe(false);
  expect(needsReload(reading, source)).toBe(true);
});
