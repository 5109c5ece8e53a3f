import { describe, expect, it } from 'vitest';
import type { HostState } from '../../src/central/log/fleet-state.ts';
import { highestOf, isBehind, showFleet } from '../../src/cli/show/show-fleet.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

function host(hostId: string, revisions: Record<string, number>, more: Partial<HostState> = {}): HostState {
  const rulesets = Object.entries(revisions).map(([name, revision]) => ({
    name,
    revision,
    digest: DIGEST,
    scope: 'chains' as const,
    inSync: true,
  }));
  const worker = {
    version: '1.0.0',
    backend: 'nft' as const,
    iptables: '1.8.9',
    kernel: '6.1.0',
    bootId: 'b0',
  };
  const rest = {
    groups: ['web'],
    removed: [],
    lists: [],
    removedLists: [],
    isCut: false,
    unready: {},
    pending: null,
    running: null,
    pendingUntil: null,
  };
  return { hostId, presence: 'online', lastSeen: new Date(), worker, rulesets, ...rest, ...more };
}

const FLEET = [host('a', { edge: 7, dmz: 1 }), host('b', { edge: 6, dmz: 1 }), host('c', { dmz: 1 })];
const show = (hosts: HostState[], columns?: number | 'wide', names: string[] = []) =>
  showFleet(hosts, highestOf(hosts, names), columns).split('\n');

describe('the fleet as a table', () => {
  it('says who is behind whom, and of what; a host without a ruleset is not behind', () => {
    const highest = highestOf(FLEET, []);
    expect(FLEET.filter((one) => isBehind(one, highest)).map(({ hostId }) => hostId)).toEqual(['b']);
    expect(FLEET.some((one) => isBehind(one, highestOf(FLEET, ['dmz'])))).toBe(false);
    const [summary, , , second, , note] = show(FLEET);
    expect(summary).toBe('3 hosts: 3 online; 1 behind');
    expect(second).toContain('edge@6<7 dmz@1');
    expect(note).toMatch(/^< is behind/);
  });

  it('shows what has a mark first, of which nothing is cut', () => {
    const narrow = host('a', { aaaa: 1, 'before-all-others': 1, 'the-drifted-one': 7 });
    for (const ruleset of narrow.rulesets) ruleset.inSync = ruleset.name !== 'the-drifted-one';
    const [, , row] = show([narrow, host('b', { aaaa: 2 })], 80);
    expect(row).toContain('the-drifted-one@7! aaaa@1<2');
  });

  it('names the hosts that would fail their jobs, those with the same reason together', () => {
    const unready = { state: '/var/lib/fleetwall: no space is left on its disk' };
    const [summary, , first, , third, note, more] = show([
      host('a', {}, { unready }),
      host('b', {}, { unready }),
      host('c', {}, { unready, presence: 'silent' }),
    ]);
    expect(summary).toBe('3 hosts: 2 online, 1 silent; 2 unready');
    expect(first).toMatch(/^a +online unready /);
    expect(third).toMatch(/^c +silent +web/);
    expect(note).toBe('a, b would fail their jobs: state: /var/lib/fleetwall: no space is left on its disk');
    expect(more).toBe('');
  });

  it('has the lists of hosts, where any has one', () => {
    expect(show(FLEET)[1]).not.toContain('LISTS');
    const lists = [{ name: 'blocked', revision: 8, entries: 80_000, digest: 'a'.repeat(64) }];
    const [, head, first, second] = show([host('a', {}, { lists }), host('b', {})]);
    expect(head).toContain('LISTS');
    expect(first).toContain('blocked@8 (80,000)');
    expect(second).not.toContain('blocked');
  });

  it('says what ends by itself and when, and what has ended', () => {
    const until = '2026-11-25T18:00:00Z';
    const [one, two] = [host('a', { edge: 7 }), host('b', { edge: 7 })];
    const ends = { ...one, rulesets: one.rulesets.map((of) => ({ ...of, until })) };
    const ended = { ...two, rulesets: two.rulesets.map((of) => ({ ...of, liveRevision: 6 })) };
    const [, , first, second, ...notes] = show([ends, ended]);
    expect(first).toContain('edge@7~');
    expect(second).toContain('edge@7^6');
    expect(notes.slice(0, 2)).toEqual([
      `~ ends by itself: edge revision 7 at ${until}`,
      '^ has ended: the revision behind the mark is live again',
    ]);
  });

  it('says of which hosts it has not all that ends of jobs told of', () => {
    const [, , , , note] = show([host('a', { edge: 7 }), host('odd-1', { edge: 7 }, { isCut: true })]);
    expect(note).toMatch(
      /^ends of jobs told of more than 500 rulesets or lists on odd-1: the newest are shown/,
    );
    expect(show([host('a', { edge: 7 })]).join()).not.toContain('more than');
  });

  it('has the version of workers where they differ, or where all is asked for', () => {
    const other = host('d', {}, { worker: { ...host('d', {}).worker, version: '1.1.0' } });
    expect(show(FLEET)[1]).not.toContain('WORKER');
    const mixed = show([...FLEET, other]);
    expect(mixed[1]).toMatch(/BACKEND +WORKER +LAST SEEN$/);
    expect(mixed[5]).toContain('1.1.0');
    const wide = show(FLEET, 'wide');
    for (const part of ['1.0.0', '6.1.0', 'b0', `edge=${DIGEST} dmz=${DIGEST}`])
      expect(wide[2]).toContain(part);
  });

  it('is cut to a terminal that says how wide it is, and to no other', () => {
    const long = [
      host('a', Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`rules-${at}`, at + 1]))),
    ];
    for (const line of show(long, 80)) expect(line.length).toBeLessThanOrEqual(80);
    expect(show(long, 80)[2]).toContain('…');
    for (const columns of [undefined, 0]) expect(show(long, columns)[2]).toContain('rules-19@20');
  });
});
