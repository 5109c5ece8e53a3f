import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListContent } from '../../src/list/content.ts';
import { jobDigest, listDigest } from '../../src/list/digest.ts';
import { atOnce } from '../../src/list/pieces.ts';
import { applyDelta, digestAfter, planDelta, planReplacement } from '../../src/list/plan-delta.ts';
import { findBoth, readEntries } from '../../src/list/read-entries.ts';
import { changeLines, fillLines, listOfSet, setName, spareName } from '../../src/list/set-lines.ts';
import { timeoutOf } from '../../src/list/timeout.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
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
    const { entries, problemCount } = atOnce(
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
    const { problems, problemCount } = atOnce(
      readEntries(['192.0.2.1', ...Array.from({ length: 30 }, () => 'x')], 'add'),
    );
    expect(problemCount).toBe(30);
    expect(problems).toHaveLength(20);
    expect(problems[0]).toMatchObject({ place: 'add[1]', text: 'x' });
    const [add, remove] = [
      atOnce(readEntries(['10.0.0.1'], 'add')),
      atOnce(readEntries(['10.0.0.1/32'], 'remove')),
    ];
    expect(findBoth(add, remove).problems).toMatchObject([{ text: '10.0.0.1' }]);
  });
});

describe('digests', () => {
  it('of a list is the sum of its entries that have not ended', () => {
    const sum = (BigInt(`0x${sha256('192.0.2.1')}`) + BigInt(`0x${sha256('2001:db8::/48')}`)) % 2n ** 256n;
    const content: ListContent = new Map([
      ['2001:db8::/48', NOW + 1],
      ['192.0.2.9', NOW],
      ['192.0.2.1', null],
    ]);
    expect(listDigest(content, NOW)).toBe(sum.toString(16).padStart(64, '0'));
    expect(listDigest(new Map(), NOW)).toBe('0'.repeat(64));
  });

  it('of a job does not depend on the order in which it was written', () => {
    const entries: [string, number | null][] = [
      ['192.0.2.10', null],
      ['10.0.0.0/8', NOW],
    ];
    const asked = { action: 'list.change', kind: null, maxEntries: null, remove: ['b', 'a'] };
    const expected = `sha256:${sha256(
      JSON.stringify([
        'list.change',
        null,
        null,
        [
          ['10.0.0.0/8', NOW],
          ['192.0.2.10', null],
        ],
        ['a', 'b'],
      ]),
    )}`;
    expect(jobDigest({ ...asked, entries: new Map(entries) })).toBe(expected);
    expect(jobDigest({ ...asked, entries: new Map(entries.toReversed()) })).toBe(expected);
  });

  it('of a job with more entries than are read in one piece are the same as of all at once', () => {
    // In an order that is neither that of the texts nor its reverse.
    const many = Array.from({ length: 7_001 }, (_, index) => `10.0.${(index * 37) % 251}.${index % 256}`);
    const entries = new Map(many.map((one) => [one, null]));
    const asked = { action: 'list.replace', kind: 'deny', maxEntries: 9_000, remove: [] };
    const inOrder = [...entries].toSorted(([one], [other]) => (one < other ? -1 : 1));
    const whole = JSON.stringify(['list.replace', 'deny', 9_000, inOrder, []]);
    expect(jobDigest({ ...asked, entries })).toBe(`sha256:${sha256(whole)}`);
    const sum =
      [...entries.keys()].reduce((all, entry) => all + BigInt(`0x${sha256(entry)}`), 0n) % 2n ** 256n;
    expect(listDigest(entries, NOW)).toBe(sum.toString(16).padStart(64, '0'));
    const none = atOnce(planReplacement(entries, new Map(), NOW));
    expect(digestAfter(listDigest(entries, NOW), none.changes)).toBe('0'.repeat(64));
  });
});

describe('a change', () => {
  it('leads to what was asked for, with the counts and the digest of that', () => {
    fc.assert(
      fc.property(contents, contents, fc.array(texts), (before, add, remove) => {
        const gone = new Set(remove.filter((text) => !add.has(text)));
        const delta = atOnce(planDelta(before, add, gone, NOW));
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

  it('from one content to another is empty between the same', () => {
    fc.assert(
      fc.property(contents, contents, (before, wanted) => {
        const { changes } = atOnce(planReplacement(before, wanted, NOW));
        const after = new Map(before);
        applyDelta(after, changes);
        expect(sorted(livingOf(after))).toEqual(sorted(livingOf(wanted)));
        expect(atOnce(planReplacement(livingOf(after), wanted, NOW)).changes).toEqual([]);
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
    expect(atOnce(fillLines(content, 'deny', (family) => spareName('blocked', family), NOW))).toBe(
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
