import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/job/intake/parse-json.ts';
import { isDeeperThan, scanJson } from '../../src/job/intake/scan-json.ts';
import { finish } from '../../src/steps.ts';

const LONG = 20_000;
const addresses = Array.from({ length: LONG }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
const objects = addresses.map((entry) => ({ entry, until: '2026-12-01T00:00:00Z', tags: [1, [2, '],"[']] }));

function scan(text: string): { bytes: Uint8Array; cuts: readonly number[] } {
  const bytes = Buffer.from(text);
  return { bytes, cuts: finish(scanJson(32, bytes)).cuts };
}

/** What comes of it with these cuts, or the name of the error. */
function parsed(bytes: Uint8Array, cuts: readonly number[]): unknown {
  try {
    return finish(parseJson(bytes, cuts));
  } catch (error) {
    return (error as Error).name;
  }
}

function steps(bytes: Uint8Array, cuts: readonly number[]): number {
  const work = parseJson(bytes, cuts);
  let count = 0;
  while (work.next().done !== true) count += 1;
  return count;
}

describe('JSON of a long list', () => {
  it.each([
    ['texts', addresses],
    ['objects with arrays and texts of brackets in them', objects],
    [
      'entries that are no entries',
      addresses.map((text, index) => (index % 3 === 0 ? null : [index, { text }])),
    ],
    ['texts of many bytes', addresses.map((text) => `ä€😀"\\,[${text}`)],
  ])('is read a piece at a time, as in one go: %s', (_, entries) => {
    const message = { action: 'list.replace', list: { name: 'blocked', entries, revision: 3 }, more: [1, 2] };
    for (const text of [JSON.stringify(message), JSON.stringify(message, null, 2)]) {
      const { bytes, cuts } = scan(text);
      expect(steps(bytes, cuts)).toBeGreaterThan(3);
      expect(parsed(bytes, cuts)).toEqual(message);
    }
  });

  it('is read in one go where the long array is another', () => {
    const message = { list: { entries: ['192.0.2.1'] }, other: addresses };
    const { bytes, cuts } = scan(JSON.stringify(message));
    expect(cuts.length).toBeGreaterThan(2);
    expect(parsed(bytes, cuts)).toEqual(message);
  });

  it('has the last of two that have the same name, as JSON.parse has it', () => {
    const entries = JSON.stringify(addresses);
    for (const text of [
      `{"list":{"entries":${entries},"entries":["192.0.2.1"]}}`,
      `{"list":{"entries":["192.0.2.1"],"entries":${entries}}}`,
    ]) {
      const { bytes, cuts } = scan(text);
      expect(parsed(bytes, cuts)).toEqual(JSON.parse(text));
    }
  });

  it.each([
    ['a piece with something missing', (text: string) => text.replace('"10.40.0.0/24",', '"10.40.0.0/24"')],
    ['a piece with a comma more', (text: string) => text.replace('"10.40.0.0/24",', '"10.40.0.0/24",,')],
    ['a bracket of another kind', (text: string) => text.replace('"10.40.0.0/24",', '{"a":1],')],
    ['a piece that ends the array', (text: string) => text.replace('"10.40.0.0/24",', '1],"x":[2,')],
    ['no end', (text: string) => text.slice(0, -2)],
    ['a mark of the byte order inside', (text: string) => text.replaceAll(',"', ',\uFEFF"')],
  ])('is what JSON.parse makes of it where it is broken: %s', (_, broken) => {
    const text = broken(JSON.stringify({ list: { entries: addresses } }));
    const { bytes, cuts } = scan(text);
    let expected: unknown = 'SyntaxError';
    try {
      expected = JSON.parse(text);
    } catch {
      // That is what is expected.
    }
    expect(parsed(bytes, cuts)).toEqual(expected);
  });

  it('with a mark of the byte order before it is read, too', () => {
    const { bytes, cuts } = scan(`\uFEFF${JSON.stringify({ list: { entries: addresses } })}`);
    expect(parsed(bytes, cuts)).toEqual({ list: { entries: addresses } });
  });

  it('that is no UTF-8 is refused', () => {
    const { bytes, cuts } = scan(JSON.stringify({ list: { entries: addresses } }));
    bytes[Math.floor(bytes.length / 2)] = 0xff;
    expect(parsed(bytes, cuts)).toBe('TypeError');
  });

  it('is the same wherever it is cut', () => {
    const text = JSON.stringify({ list: { entries: objects.slice(0, 20) }, a: [1, { b: ',' }, ','] });
    const bytes = Buffer.from(text);
    const places = [...text.matchAll(/,/g)].map(({ index }) => index);
    fc.assert(
      fc.property(fc.subarray(places, { minLength: 2, maxLength: 6 }), (cuts) => {
        expect(parsed(bytes, cuts)).toEqual(JSON.parse(text));
      }),
    );
  });
});

it('how deep JSON is nested is seen whatever is in its texts', () => {
  const deep = (levels: number) => Buffer.from(`${'["]\\"[",'.repeat(levels)}1${']'.repeat(levels)}`);
  expect(isDeeperThan(32, deep(32))).toBe(false);
  expect(isDeeperThan(32, deep(33))).toBe(true);
});
