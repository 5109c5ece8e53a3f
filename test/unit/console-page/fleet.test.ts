import { describe, expect, it } from 'vitest';
import { choicesOf, countHosts } from '../../../src/console/page/fleet/count-hosts.ts';
import { filterHosts } from '../../../src/console/page/fleet/host-filter.ts';
import { HostOrder, readSorting, writeSorting } from '../../../src/console/page/fleet/host-sort.ts';
import { highestOf, marksOf } from '../../../src/console/page/fleet/host-words.ts';
import { countEnded, hasTrouble, sayEnds } from '../../../src/console/page/fleet/say-ends.ts';
import { host, idsOf, ruleset } from './hosts.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const FAILED = { at: '2026-11-22T11:00:00Z', code: 'rule_rejected', what: 'edge revision 9', event: 5 };
const HOSTS = [
  host('web-1', { rulesets: [ruleset('edge', 9)] }),
  host('web-2', {
    rulesets: [ruleset('edge', 7, { inSync: false })],
    version: '0.2.0',
    unready: { state: 'full' },
  }),
  host('web-10', {
    presence: 'silent',
    pending: 'a job',
    unready: { state: 'full' },
    rulesets: [ruleset('edge', 9, { inSync: null })],
  }),
  host('db-1', {
    groups: ['db'],
    rulesets: [ruleset('base', 3)],
    lists: [{ name: 'blocked', revision: 8, entries: 80_000, inSync: false }],
    backend: 'legacy',
    lastFailure: FAILED,
  }),
];
const AROUND = { highest: highestOf(HOSTS), now: NOW };

function found(query: Record<string, string>): string[] {
  return idsOf(filterHosts(HOSTS, query, AROUND));
}

describe('hosts are chosen', () => {
  it.each([
    [{}, ['web-1', 'web-2', 'web-10', 'db-1']],
    [{ state: 'silent' }, ['web-10']],
    [{ group: 'db' }, ['db-1']],
    [{ ruleset: 'edge' }, ['web-1', 'web-2', 'web-10']],
    [{ list: 'blocked' }, ['db-1']],
    [{ backend: 'legacy' }, ['db-1']],
    [{ version: '0.2.0' }, ['web-2']],
    [{ is: 'in_sync' }, ['web-1']],
    [{ is: 'unready' }, ['web-2']],
    [{ is: 'drifted' }, ['web-2', 'db-1']],
    [{ is: 'behind' }, ['web-2']],
    [{ is: 'waiting' }, ['web-10']],
    [{ is: 'failed' }, ['db-1']],
    [{ is: 'failed_lately' }, ['db-1']],
    [{ is: 'something else' }, ['web-1', 'web-2', 'web-10', 'db-1']],
    [{ q: 'EDGE@9' }, ['web-1', 'web-10']],
    [{ q: 'web 0.2' }, ['web-2']],
    [{ q: 'rule_rejected' }, ['db-1']],
    [{ q: '<b>' }, []],
    [{ ruleset: 'edge', is: 'behind', q: 'web-2' }, ['web-2']],
  ])('by %j', (query, ids) => {
    expect(found(query)).toEqual(ids);
  });

  it('that failed more than a day ago did not fail lately', () => {
    const later = { ...AROUND, now: NOW + 24 * 60 * 60 * 1_000 };
    expect(filterHosts(HOSTS, { is: 'failed_lately' }, later)).toEqual([]);
    expect(idsOf(filterHosts(HOSTS, { is: 'failed' }, later))).toEqual(['db-1']);
  });
});

describe('hosts are put in order', () => {
  it('by name as people count, and by a column with the names in it', () => {
    expect(idsOf(new HostOrder(readSorting(undefined)).sort(HOSTS))).toEqual([
      'db-1',
      'web-1',
      'web-2',
      'web-10',
    ]);
    expect(idsOf(new HostOrder(readSorting('-host')).sort(HOSTS))).toEqual([
      'web-10',
      'web-2',
      'web-1',
      'db-1',
    ]);
    expect(idsOf(new HostOrder(readSorting('-version')).sort(HOSTS))).toEqual([
      'web-2',
      'db-1',
      'web-1',
      'web-10',
    ]);
    expect(idsOf(new HostOrder(readSorting('-failure')).sort(HOSTS))[0]).toBe('db-1');
  });

  it('and those that change, come and go find their place as if all were sorted anew', () => {
    const sorting = readSorting('-seen');
    const order = new HostOrder(sorting);
    let hosts = Array.from({ length: 50 }, (_, index) =>
      host(`host-${index}`, { lastSeen: new Date(NOW + ((index * 37) % 50) * 1_000).toISOString() }),
    );
    const first = hosts;
    order.sort(hosts);
    for (let round = 1; round < 20; round += 1) {
      hosts = hosts
        .filter((_, index) => index !== round)
        .map((one, index) =>
          (index * round) % 7 === 0
            ? { ...one, lastSeen: new Date(NOW + ((index * 13 * round) % 90) * 1_000).toISOString() }
            : one,
        );
      hosts.push(host(`new-${round}`, { lastSeen: new Date(NOW + round).toISOString() }));
      expect(order.sort(hosts)).toEqual(new HostOrder(sorting).sort(hosts));
    }
    // Back to what was there at first, such as after a look at another time.
    expect(order.sort(first)).toEqual(new HostOrder(sorting).sort(first));
  });

  it('and the address says in which', () => {
    expect(writeSorting(readSorting('-seen'))).toBe('-seen');
    expect(writeSorting(readSorting('state'))).toBe('state');
    expect(writeSorting(readSorting('nonsense'))).toBeUndefined();
    expect(readSorting('constructor')).toEqual({ column: 'host', isDown: false });
  });
});

it('counts hosts, and says how each count is found', () => {
  const counts = countHosts(HOSTS, AROUND.highest, NOW);
  expect(counts.map(({ says, count }) => `${count} ${says}`)).toEqual([
    '3 online',
    '0 offline',
    '1 silent',
    '1 unready',
    '2 drifted',
    '1 behind',
    '1 waiting for confirm',
    '1 failed in 24 h',
  ]);
  for (const { field, value, count } of counts) expect(found({ [field]: value })).toHaveLength(count);
});

it('offers what there is to choose from', () => {
  expect(choicesOf(HOSTS)).toEqual({
    group: ['db', 'web'],
    ruleset: ['base', 'edge'],
    list: ['blocked'],
    backend: ['legacy', 'nft'],
    version: ['0.1.0', '0.2.0'],
  });
});

it('marks rulesets as `fleetwall status` does', () => {
  const marks = (one: ReturnType<typeof ruleset>) =>
    marksOf(one, AROUND.highest)
      .map(({ mark }) => mark)
      .join('');
  expect(marks(ruleset('edge', 9))).toBe('✓');
  expect(marks(ruleset('edge', 7, { inSync: false, until: '2026-11-23T00:00:00Z' }))).toBe('~!<9');
  expect(marks(ruleset('edge', 9, { inSync: null, liveRevision: 6 }))).toBe('^6');
  expect(marks(ruleset('other', 1, { inSync: null }))).toBe('');
});

it('says how hosts of a rollout have ended', () => {
  const ends = { applied: 1_200, failed: 3, running: 7, not_started: 90, silent: 0 };
  expect(sayEnds(ends)).toBe('3 failed, 1,200 applied, 90 not started, 7 running');
  expect(countEnded(ends)).toBe(1_203);
  expect(sayEnds({})).toBe('none yet');
  expect(hasTrouble(ends)).toBe(true);
  expect(hasTrouble({ ...ends, failed: 0 })).toBe(false);
});
