import { describe, expect, it } from 'vitest';
import {
  eventPath,
  hostPath,
  hrefOf,
  readAddress,
  rolloutPath,
} from '../../../src/console/page/state/address.ts';
import { fromField, sayAgo, sayDuration, sayTime, toField } from '../../../src/console/page/text/times.ts';
import { toneOf } from '../../../src/console/page/text/tone.ts';
import { plural, sayShown, sayType } from '../../../src/console/page/text/words.ts';

describe('an address', () => {
  it.each([
    ['/', { view: 'fleet' }],
    ['/fleet', { view: 'fleet' }],
    ['/rollouts', { view: 'rollouts' }],
    ['/rollouts/', { view: 'rollouts' }],
    ['/rollouts/2026-11-22-edge', { view: 'rollout', id: '2026-11-22-edge' }],
    ['/hosts/web-1', { view: 'host', id: 'web-1' }],
    ['/hosts', { view: 'unknown' }],
    ['/hosts/a/b', { view: 'unknown' }],
    ['/events', { view: 'events' }],
    ['/events/4711', { view: 'event', offset: 4711 }],
    ['/events/-1', { view: 'unknown' }],
    ['/events/1e3', { view: 'unknown' }],
    ['/hosts/%E0%A4%A', { view: 'host', id: '%E0%A4%A' }],
    ['/fleet/x', { view: 'unknown' }],
  ])('%s leads to its view', (path, route) => {
    expect(readAddress(path, '').route).toEqual(route);
  });

  it('of a thing leads back to it, whatever its name is', () => {
    for (const id of ['web-1', 'a/b?c#d', '<img>', 'שלום', '%2F']) {
      expect(readAddress(hostPath(id), '').route).toEqual({ view: 'host', id });
      expect(readAddress(rolloutPath(id), '').route).toEqual({ view: 'rollout', id });
    }
    expect(readAddress(eventPath(7), '').route).toEqual({ view: 'event', offset: 7 });
  });

  it('has what is filtered, and nothing that is empty', () => {
    const query = { q: 'a b&c=d', state: undefined, group: '', at: '2026-11-22T10:00:00Z' };
    const href = hrefOf('/fleet', query);
    expect(href).toBe('/fleet?q=a+b%26c%3Dd&at=2026-11-22T10%3A00%3A00Z');
    const { query: read } = readAddress('/fleet', href.slice('/fleet'.length));
    expect(read).toEqual({ q: 'a b&c=d', at: '2026-11-22T10:00:00Z' });
    expect(hrefOf('/fleet', {})).toBe('/fleet');
  });
});

describe('times', () => {
  it('are in UTC, in a field too', () => {
    expect(sayTime('2026-11-22T10:00:01.500Z')).toBe('2026-11-22 10:00:01');
    expect(sayTime('2026-11-22T10:00:01+02:00')).toBe('2026-11-22 08:00:01');
    expect(sayTime('no time')).toBe('no time');
    expect(fromField('2026-11-22T10:00')).toBe('2026-11-22T10:00:00Z');
    expect(fromField('')).toBeNull();
    expect(fromField(toField(Date.parse('2026-11-22T10:00:01Z')))).toBe('2026-11-22T10:00:01Z');
  });

  it('are said as `fleetwall status` says them', () => {
    expect([0, 59, 60, 3_599, 7_200, 172_799, 172_800].map(sayDuration)).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '60 min',
      '2 h',
      '48 h',
      '2 d',
    ]);
    expect(sayAgo(10_000, 5_000)).toBe('0 s ago');
    expect(sayAgo(Number.NaN, 5_000)).toBe('-');
  });
});

it('says how many', () => {
  expect(sayShown(312, 20_000)).toBe('312 of 20,000 hosts');
  expect(sayShown(1, 1)).toBe('1 host');
  expect(plural(2, 'entry', 'entries')).toBe('2 entries');
  expect(sayType('fleetwall.job.completed')).toBe('job.completed');
});

it('never shows an end that somebody has to look at as a good one', () => {
  expect(['applied', 'unchanged', 'online', 'superseded'].map(toneOf)).toEqual([
    'good',
    'good',
    'good',
    'good',
  ]);
  expect(['failed', 'rejected', 'drifted', 'an end of later'].map(toneOf)).toEqual([
    'bad',
    'bad',
    'bad',
    'bad',
  ]);
  expect(['rolled_back', 'silent', 'expired'].map(toneOf)).toEqual(['doubtful', 'doubtful', 'doubtful']);
});
