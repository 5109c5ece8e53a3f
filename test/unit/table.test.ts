import { describe, expect, it } from 'vitest';
import { plural } from '../../src/central/messages/plural.ts';
import { cut, layRow, layTable } from '../../src/cli/terminal/table.ts';

const RED = '\u001b[31m';
const PLAIN = '\u001b[39m';

describe('a table on a terminal', () => {
  it('has columns as wide as what is in them, whatever the letters and colours', () => {
    expect(
      layTable([
        ['漢字', '1', 'x'],
        [`${RED}abc${PLAIN}`, '22', ''],
        ['e\u0301', '', 'y'],
      ]),
    ).toEqual(['漢字  1   x', `${RED}abc${PLAIN}   22`, 'e\u0301         y']);
  });

  it('is cut where it is widest, so that a row is one line', () => {
    const row = ['web-1', `${RED}${'edge@7 '.repeat(10)}${PLAIN}`, 'nft'];
    const [line = ''] = layTable([row], { columns: 30 });
    expect(line).toBe(`web-1  ${RED}edge@7 edge@7 edg…\u001b[0m  nft`);
    expect(layTable([['漢字'.repeat(20)]], { columns: 9 })).toEqual(['漢字漢字…']);
    // There is an end to that: what nobody could read is no use.
    expect(layTable([['a'.repeat(20), 'b'.repeat(20)]], { columns: 4 })).toEqual(['aaaaaaa…  bbbbbbb…']);
  });

  it('can be shown a row at a time', () => {
    expect([layRow(['ok', 'broker', 'is there'], [7, 9]), layRow(['', '', '→ do'], [7, 9])]).toEqual([
      'ok       broker     is there',
      '                    → do',
    ]);
  });

  it('leaves what fits as it is', () => {
    expect(cut('漢字', 4)).toBe('漢字');
    expect(cut('漢字', 3)).toBe('漢…');
  });
});

it.each([
  [0, '0 hosts'],
  [1, '1 host'],
  [2, '2 hosts'],
])('%i: %s', (count, text) => {
  expect(plural(count, 'host')).toBe(text);
});
