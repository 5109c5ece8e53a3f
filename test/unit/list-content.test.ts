import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListContent } from '../../src/list/content.ts';
import { jobDigests, listDigest } from '../../src/list/digest.ts';
import { applyDelta, digestAfter, planDelta, tallyReplacement } from '../../src/list/plan-delta.ts';
import { findBoth, readEntries } from '../../src/list/read-entries.ts';
import { changeLines, fillLines, listOfSet, setName, spareName } from '../../src/list/set-lines.ts';
import { summarise, summariseAll } from '../../src/list/summary.ts';
import { timeoutOf } from '../../src/list/timeout.ts';
import { finish } from '../../src/steps.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
/** What the contract says of a list's digest. */
const sumOf = (entries: readonly string[]) =>
  (entries.reduce((sum, text) => sum + BigInt(`0x${sha256(text)}`), 0n) % 2n ** 256n)
    .toString(16)
    .padStart(64, '0');
const texts = fc.constantFrom(
  ...Array.from({ length: 12 }, (_, index) => `192.0.2.${index}`),
  '2001:db8::/48',
);
const ends = fc.constantFrom(null, NOW - 1, NOW, NOW + 1, NOW + 5_000, NOW + 9_000);
const contents = fc.array(fc.tuple(texts, ends)).map((pairs): ListContent => new Map(pairs));
/** What has not ended. */
const livingOf = (content: ListContent) =>
  new Map([...content].filter(([, until]) => until === null || until > NOW));
const sorted = (content: ListContent) => [...content].toSorted(([one], [other]) => one.localeCompare(other));

describe('the entries of a job', () => {
  it('are once what is there twice, with the later end', () => {
    const { entries, problemCount } = finish(
      readEntries(
        [
          { entry: '192.0.2.1', until: '2026-11-25T13:00:00Z' },
          { entry: '::ffff:192.0.2.1', until: '2026-11-25T15:00:00+01:00' },
          { entry: '192.0.2.2', until: '2026-11-25T13:00:00Z' },
          '192.0.2.2/32',
        ],
        'entries',
      ),
    );
    expect([...entries]).toEqual([
      ['192.0.2.1', NOW + 2 * 3_600_000],
      ['192.0.2.2', null],
    ]);
    expect(problemCount).toBe(0);
  });

  it('are told with their places, the first twenty of them', () => {
    const { problems, problemCount } = finish(
      readEntries(['192.0.2.1', ...Array.from({ length: 30 }, () => 'x')], 'add'),
    );
    expect(problemCount).toBe(30);
    expect(problems).toHaveLength(20);
    expect(problems[0]).toMatchObject({ place: 'add[1]', text: 'x' });
    const [add, remove] = [
      finish(readEntries(['10.0.0.1'], 'add')),
      finish(readEntries(['10.0.0.1/32'], 'remove')),
    ];
    expect(findBoth(add, remove).problems).toMatchObject([{ text: '10.0.0.1' }]);
  });
});

describe('digests', () => {
  it('of a list is the sum of its entries that have not ended', () => {
    const content: ListContent = new Map([
      ['2001:db8::/48', NOW + 1],
      ['192.0.2.9', NOW],
      ['192.0.2.1', null],
    ]);
    expect(listDigest(content, NOW)).toBe(sumOf(['192.0.2.1', '2001:db8::/48']));
    expect(listDigest(new Map(), NOW)).toBe('0'.repeat(64));
  });

  it('of a job does not depend on the order in which it was written', () => {
    const entries: [string, number | null][] = [
      ['192.0.2.10', null],
      ['10.0.0.0/8', NOW],
    ];
    const asks = { action: 'list.change', kind: null, maxEntries: null };
    const content = sumOf(['10.0.0.0/8', '192.0.2.10']);
    const asked = `sha256:${sha256(
      JSON.stringify(['list.change', null, null, content, sumOf([`10.0.0.0/8 ${NOW}`]), sumOf(['a', 'b'])]),
    )}`;
    const digests = (pairs: typeof entries, remove: string[]) =>
      finish(jobDigests({ ...asks, entries: new Map(pairs), remove: new Set(remove) }));
    expect(digests(entries, ['b', 'a'])).toEqual({ asked, content });
    expect(digests(entries.toReversed(), ['a', 'b'])).toEqual({ asked, content });
  });

  it('of jobs that ask for different things are different', () => {
    const asks = (entries: [string, number | null][], remove: string[], kind: string | null = null) => {
      const asking = { action: 'list.change', kind, maxEntries: null };
      return finish(jobDigests({ ...asking, entries: new Map(entries), remove: new Set(remove) })).asked;
    };
    const different = [
      asks([], []),
      asks([['192.0.2.1', null]], []),
      asks([['192.0.2.1', null]], [], 'deny'),
      asks([['192.0.2.1', NOW]], []),
      asks([['192.0.2.1', NOW + 1]], []),
      asks([], ['192.0.2.1']),
      asks([['192.0.2.2', null]], ['192.0.2.1']),
      asks(
        [
          ['192.0.2.1', NOW],
          ['192.0.2.2', null],
        ],
        [],
      ),
      asks(
        [
          ['192.0.2.1', null],
          ['192.0.2.2', NOW],
        ],
        [],
      ),
    ];
    expect(new Set(different).size).toBe(different.length);
  });

  it('of more entries than are read in one piece are the same as of all at once', () => {
    const many = Array.from({ length: 7_001 }, (_, index) => `10.0.${(index * 37) % 251}.${index % 256}`);
    const entries = new Map(many.map((one) => [one, null]));
    const sum = sumOf([...entries.keys()]);
    const asked = {
      action: 'list.replace',
      kind: 'deny',
      maxEntries: 9_000,
      entries,
      remove: new Set<string>(),
    };
    expect(finish(jobDigests(asked)).content).toBe(sum);
    expect(listDigest(entries, NOW)).toBe(sum);
    const none = finish(planDelta(entries, new Map(), entries.keys(), NOW));
    expect(digestAfter(sum, none.changes)).toBe('0'.repeat(64));
  });

  it('of a content are known by that of all its entries, also of those which have ended', () => {
    fc.assert(
      fc.property(contents, (content) => {
        const all = sumOf([...content.keys()]);
        expect(finish(summariseAll(content, all, NOW))).toEqual(summarise(content, NOW));
      }),
    );
  });
});

describe('a change', () => {
  it('leads to what was asked for, with the counts and the digest of that', () => {
    fc.assert(
      fc.property(contents, contents, fc.array(texts), (before, add, remove) => {
        const gone = new Set(remove.filter((text) => !add.has(text)));
        const delta = finish(planDelta(before, add, gone, NOW));
        const after = new Map(before);
        applyDelta(after, delta.changes);
        const wanted = livingOf(new Map([...before, ...add]));
        for (const text of gone) wanted.delete(text);
        expect(sorted(livingOf(after))).toEqual(sorted(wanted));
        const old = livingOf(before);
        expect(delta.added).toBe([...wanted.keys()].filter((text) => !old.has(text)).length);
        expect(delta.removed).toBe([...old.keys()].filter((text) => !wanted.has(text)).length);
        expect(digestAfter(listDigest(before, NOW), delta.changes)).toBe(listDigest(wanted, NOW));
      }),
    );
  });

  it('to another content is counted as it is planned entry by entry', () => {
    fc.assert(
      fc.property(contents, contents, (before, wanted) => {
        const gone = [...before.keys()].filter((text) => !wanted.has(text));
        const { changes, ...counts } = finish(planDelta(before, wanted, gone, NOW));
        expect(finish(tallyReplacement(before, wanted, NOW))).toEqual(counts);
        expect(counts.isChanged).toBe(changes.length > 0);
        expect(finish(tallyReplacement(wanted, livingOf(wanted), NOW)).isChanged).toBe(false);
      }),
    );
  });
});

describe('what ipset is told', () => {
  it('has a timeout that is never 0 by rounding, and never longer than the kernel counts', () => {
    expect(timeoutOf(null, 'deny', NOW)).toBe(0);
    expect(timeoutOf(NOW + 1, 'deny', NOW)).toBe(1);
    expect(timeoutOf(NOW - 5_000, 'allow', NOW)).toBe(1);
    expect(timeoutOf(NOW + 1_001, 'deny', NOW)).toBe(2);
    expect(timeoutOf(NOW + 2_147_483_000, 'deny', NOW)).toBe(2_147_483);
    expect(timeoutOf(NOW + 2_147_483_001, 'deny', NOW)).toBe(0);
    expect(timeoutOf(NOW + 2_147_483_001, 'allow', NOW)).toBe(2_147_483);
  });

  it('never leaves a timeout out where an entry may be there with one', () => {
    const changes = [
      { text: '192.0.2.1', before: NOW + 1, after: null },
      { text: '2001:db8::/48', before: null, after: NOW + 60_000 },
      { text: '192.0.2.2', before: null, after: undefined },
    ];
    expect(changeLines('blocked', changes, 'deny', NOW)).toBe(
      'add -exist fw4.blocked 192.0.2.1 timeout 0\nadd -exist fw6.blocked 2001:db8::/48 timeout 60\ndel -exist fw4.blocked 192.0.2.2\n',
    );
    const content: ListContent = new Map([
      ['192.0.2.1', null],
      ['192.0.2.2', NOW],
      ['2001:db8::/48', NOW + 1_500],
    ]);
    const lines = finish(fillLines(content, 'deny', (family) => spareName('blocked', family), NOW));
    expect(Buffer.from(lines).toString()).toBe(
      'add fw4.blocked.2 192.0.2.1\nadd fw6.blocked.2 2001:db8::/48 timeout 2\n',
    );
  });

  it('has names that are read again, and that are short enough for the kernel', () => {
    const list = 'a'.repeat(24);
    expect(spareName(list, 'ipv6').length).toBeLessThanOrEqual(31);
    expect(listOfSet(setName(list, 'ipv4'))).toEqual({ list, family: 'ipv4', isSpare: false });
    expect(listOfSet(spareName(list, 'ipv6'))).toEqual({ list, family: 'ipv6', isSpare: true });
    for (const other of ['blocked', 'fw4.', 'fw5.a', 'fw4.A', 'fw4.a.3', `fw4.${list}a`])
      expect(listOfSet(other)).toBeNull();
  });
});
