import { describe, expect, it } from 'vitest';
import { type Claims, claimsOf, NO_CLAIMS } from '../../src/ruleset/plan/claims.ts';
import { diffLists } from '../../src/ruleset/plan/diff.ts';
import { planTable } from '../../src/ruleset/plan/plan-table.ts';
import { renderChange } from '../../src/ruleset/plan/table-change.ts';
import { readSavedTables } from '../../src/ruleset/saved/read-saved.ts';
import { readWanted } from '../../src/ruleset/wanted/wanted.ts';
import { table } from '../support/rulesets.ts';

interface Question {
  live: string[];
  wanted: string[] | null;
  before?: string[];
  neighbours?: { name: string; text: string[] }[];
  scope?: 'chains' | 'tables';
  rewrite?: boolean;
  hooksStay?: boolean;
}

const filterOf = (scope: 'chains' | 'tables', lines: string[]) =>
  readWanted({ scope, ipv4: table('filter', ...lines) });
const claimsIn = (lines: string[], scope: 'chains' | 'tables' = 'chains'): Claims =>
  claimsOf(scope, filterOf(scope, lines).tables);

function plan({
  live,
  wanted,
  before = [],
  neighbours = [],
  scope = 'chains',
  rewrite = false,
  hooksStay = false,
}: Question) {
  return planTable({
    name: 'mid',
    scope,
    family: 'ipv4',
    table: 'filter',
    live: readSavedTables(table('filter', ...live)).get('filter'),
    wanted: wanted === null ? undefined : filterOf(scope, wanted).tables.ipv4.get('filter'),
    own: before.length === 0 ? NO_CLAIMS : claimsIn(before, scope),
    neighbours: neighbours.map(({ name, text }) => ({ name, claims: claimsIn(text) })),
    rewrite,
    hooksStay,
  });
}

const BUILT_IN = [':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]'];
const text = (question: Question) => {
  const { change } = plan(question);
  return change === null ? null : renderChange(change).split('\n').slice(1, -2);
};

describe('a plan for chains', () => {
  const wanted = [':a - [0:0]', '-A INPUT -j a', '-A a -s 10.0.0.1/32 -j DROP', '-A a -j RETURN'];

  it('makes what is missing', () => {
    expect(text({ live: BUILT_IN, wanted })).toEqual([
      ':a - [0:0]',
      '-A a -s 10.0.0.1/32 -j DROP',
      '-A a -j RETURN',
      '-A INPUT -j a',
    ]);
  });

  it('is empty if nothing is missing, wherever an appended hook stands', () => {
    const live = [...BUILT_IN, ':a - [0:0]', '[9:9] -A INPUT -j a', '-A INPUT -j DROP', ...wanted.slice(2)];
    expect(plan({ live, wanted })).toMatchObject({
      change: null,
      diff: { added: [], removed: [], unchanged: 3 },
    });
  });

  it('writes only the chain that differs, and keeps the counters of rules that stay', () => {
    const live = [
      ...BUILT_IN,
      ':a - [0:0]',
      ':b - [0:0]',
      '-A INPUT -j a',
      '[5:50] -A a -s 10.0.0.1/32 -j DROP',
      '[7:70] -A b -j DROP',
    ];
    const next = [...wanted, ':b - [0:0]', '-A b -j DROP'];
    expect(text({ live, wanted: next, before: next })).toEqual(['-I a 2 -j RETURN']);
    expect(text({ live, wanted: next, before: next, rewrite: true })).toEqual([
      ':a - [0:0]',
      '[5:50] -A a -s 10.0.0.1/32 -j DROP',
      '-A a -j RETURN',
    ]);
  });

  it.each([
    ['one rule in, one out', ['a', 'b', 'c'], ['a', 'x', 'c'], ['-D', '-I 2']],
    ['at both ends', ['a', 'b'], ['x', 'a', 'b', 'y'], ['-I 1', '-I 4']],
    ['rules that change places', ['a', 'b', 'c'], ['c', 'a', 'b'], null],
    ['a rule that has a twin', ['a', 'b', 'a'], ['a', 'b'], null],
    ['a rule that gets a twin', ['a', 'b'], ['a', 'b', 'a'], null],
    ['more than a few, in a short chain', ['a'], 'b c d e f g h i j k l m n o p q r s t'.split(' '), null],
  ])(
    'edits a chain, or writes it anew where editing could go wrong or costs more: %s',
    (_, old, next, commands) => {
      const rules = (comments: string[]) => comments.map((comment) => `-A a -m comment --comment ${comment}`);
      const live = [...BUILT_IN, ':a - [0:0]', ...rules(old)];
      const changed = text({ live, wanted: [':a - [0:0]', ...rules(next)], before: [':a - [0:0]'] });
      const shown = changed?.map((line) => line.replace(/^(-[A-Z]) a( \d+)?.*$/, '$1$2'));
      expect(shown?.[0] === ':a - [0:0]' ? null : shown).toEqual(commands);
    },
  );

  it('removes hooks and chains that are not wanted any more, in an order that works', () => {
    const live = [
      ...BUILT_IN,
      ':a - [0:0]',
      ':b - [0:0]',
      '-A INPUT -s 10.9.9.9/32 -j DROP',
      '-A INPUT -j a',
      '-A FORWARD -i eth0 -j b',
      '-A a -j b',
      '-A b -j DROP',
    ];
    const before = [':a - [0:0]', ':b - [0:0]', '-A INPUT -j a', '-A FORWARD -i eth0 -j b'];
    expect(text({ live, wanted: null, before })).toEqual([
      ':a - [0:0]',
      ':b - [0:0]',
      '-D INPUT -j a',
      '-D FORWARD -i eth0 -j b',
      '-X a',
      '-X b',
    ]);
  });

  it('puts inserted hooks behind those of rulesets whose names come first, and keeps counters', () => {
    const hook = (name: string) => [`:${name} - [0:0]`, `-I INPUT -j ${name}`];
    const neighbours = [
      { name: 'aaa', text: hook('x1') },
      { name: 'zzz', text: hook('x2') },
    ];
    const live = [
      ...BUILT_IN,
      ':x1 - [0:0]',
      ':x2 - [0:0]',
      '[1:1] -A INPUT -j x1',
      '[2:2] -A INPUT -j x2',
      '-A INPUT -j DROP',
    ];
    expect(text({ live, wanted: hook('a'), neighbours })).toEqual([
      ':a - [0:0]',
      '-D INPUT -j x1',
      '-I INPUT -j a',
      '[1:1] -I INPUT -j x1',
    ]);
    const there = [...live.slice(0, 5), ':a - [0:0]', '-A INPUT -j x1', '-A INPUT -j a', '-A INPUT -j x2'];
    expect(text({ live: there, wanted: hook('a'), neighbours })).toBeNull();
    const behind = [
      ...live.slice(0, 5),
      ':a - [0:0]',
      '-A INPUT -j x1',
      '-A INPUT -j x2',
      '[3:3] -A INPUT -j a',
    ];
    expect(text({ live: behind, wanted: hook('a'), neighbours })).toEqual([
      '-D INPUT -j a',
      '-D INPUT -j x1',
      '[3:3] -I INPUT -j a',
      '-I INPUT -j x1',
    ]);
  });

  it('keeps each hook once, in the order in which iptables puts several', () => {
    const two = [':a - [0:0]', '-I INPUT -s 10.0.0.1/32 -j a', '-I INPUT -s 10.0.0.2/32 -j a'];
    const live = [...BUILT_IN, ':a - [0:0]', '-A INPUT -s 10.0.0.2/32 -j a', '-A INPUT -s 10.0.0.1/32 -j a'];
    expect(text({ live, wanted: two })).toBeNull();
    expect(text({ live: [...live, '-A INPUT -s 10.0.0.1/32 -j a'], wanted: two })).toEqual([
      '-D INPUT -s 10.0.0.1/32 -j a',
    ]);
  });

  it('puts an inserted hook at the head again, if what is deleted beside it is the one that stands there', () => {
    const live = [...BUILT_IN, ':a - [0:0]', '-A INPUT -j a', '-A INPUT -p tcp -j ACCEPT', '-A INPUT -j a'];
    const hook = [':a - [0:0]', '-I INPUT -j a'];
    const again = ['-D INPUT -j a', '-D INPUT -j a', '-I INPUT -j a'];
    expect(text({ live, wanted: hook })).toEqual(again);
    expect(text({ live, wanted: hook, hooksStay: true })).toEqual(again);
  });

  it('knows the line of the sent text that each of its lines comes from', () => {
    const { change } = plan({ live: BUILT_IN, wanted });
    if (change === null) throw new Error('there is a change');
    expect(change.lines.map(({ source }) => source)).toEqual([2, 4, 5, 3]);
  });
});

describe('a plan for a whole table', () => {
  const scope = 'tables';
  const wanted = [':INPUT DROP [0:0]', ':a - [0:0]', '-A INPUT -j a', '-A a -j DROP'];

  it('is empty if nothing is missing', () => {
    const live = [
      ':INPUT DROP [8:8]',
      ...BUILT_IN.slice(1),
      ':a - [0:0]',
      '[1:1] -A INPUT -j a',
      '-A a -j DROP',
    ];
    expect(plan({ live, wanted, scope })).toMatchObject({ change: null, diff: { unchanged: 2 } });
  });

  it('writes the whole table if anything differs, and keeps the counters of rules that stay', () => {
    const live = [
      ':INPUT DROP [8:8]',
      ...BUILT_IN.slice(1),
      ':a - [0:0]',
      ':theirs - [0:0]',
      '[1:1] -A INPUT -j a',
      '-A a -j DROP',
    ];
    const { change, diff } = plan({ live, wanted, scope });
    expect(change?.replaces).toBe(true);
    expect(diff).toEqual({ added: [], removed: [], unchanged: 2 });
    expect(text({ live, wanted, scope })).toEqual([
      ':INPUT DROP [8:8]',
      ...BUILT_IN.slice(1),
      ':a - [0:0]',
      '[1:1] -A INPUT -j a',
      '-A a -j DROP',
    ]);
  });

  it('shows changed policies in its difference', () => {
    expect(plan({ live: BUILT_IN, wanted: [':INPUT DROP [0:0]'], scope }).diff).toEqual({
      added: ['-P INPUT DROP'],
      removed: ['-P INPUT ACCEPT'],
      unchanged: 0,
    });
  });

  it('empties a table that is no longer wanted, and leaves alone a table that never was', () => {
    const live = [':INPUT DROP [0:0]', ...BUILT_IN.slice(1), '-A INPUT -j ACCEPT'];
    expect(text({ live, wanted: null, before: wanted, scope })).toEqual(BUILT_IN);
    expect(text({ live, wanted: null, scope })).toBeNull();
  });
});

describe('the difference of two lists', () => {
  it.each([
    ['ab', 'ab', { added: [], removed: [], unchanged: 2 }],
    ['abc', 'axc', { added: ['x'], removed: ['b'], unchanged: 2 }],
    ['aab', 'ab', { added: [], removed: ['a'], unchanged: 2 }],
    ['', 'ab', { added: ['a', 'b'], removed: [], unchanged: 0 }],
    ['abcd', 'acbd', { added: ['c', 'b'], removed: ['b', 'c'], unchanged: 2 }],
  ])('%s → %s', (before, after, diff) => {
    expect(diffLists(before.split(''), after.split(''))).toEqual(diff);
  });
});
