import { describe, expect, it } from 'vitest';
import { IPTABLES_VERSIONS } from './iptables-source.ts';
import { oddTexts } from './odd-texts.ts';
import { readRulesByIptables, splitByIptables } from './original-splitter.ts';

/** Known facts about iptables' splitter: if these tests fail, our program around it is wrong. */
describe.each(IPTABLES_VERSIONS)('the splitter of iptables %s', (version) => {
  it.each([
    { text: '', words: [] },
    { text: '-A a  -j\tb ', words: ['-A', 'a', '-j', 'b'] },
    { text: '--comment "x y"-j DROP', words: ['--comment', 'x y', '-j', 'DROP'] },
    { text: 'a"b c"d ""', words: ['ab c', 'd', ''] },
    { text: '"a\\"b" \\" \\\\', words: ['a"b', '\\ \\\n'] },
    { text: '"open -j DROP', words: ['open -j DROP\n'] },
    { text: '\xe9\r\v\xff', words: ['\xe9\r\v\xff'] },
  ])('makes $words of $text', async ({ text, words }) => {
    const [line] = await splitByIptables(version, [text]);
    expect(line?.words).toEqual(words);
  });

  it('says which words were quoted, except a word whose quote is still open at the end', async () => {
    const [line] = await splitByIptables(version, ['a "b" c"d" "e']);
    expect(line?.quoted).toEqual([false, true, true, false]);
  });

  it('refuses what is too long', async () => {
    const texts = ['x'.repeat(1023), 'x'.repeat(1024), 'a '.repeat(251), 'a '.repeat(252)];
    const lines = await splitByIptables(version, texts);
    expect(lines.map(({ refused }) => refused)).toEqual([
      null,
      'Parameter too long!',
      null,
      'Parser cannot handle more arguments',
    ]);
  });

  it('reads the counters before a rule, also some that are not quite counters', async () => {
    const rules = await readRulesByIptables(version, ['[1:22]-A a', '-A a', '[1:2', '[]: a']);
    expect(rules).toMatchObject([
      { counters: { packets: '1', bytes: '22' }, words: ['-A', 'a'], refused: null },
      { counters: null, words: ['-A', 'a'], refused: null },
      { counters: null, words: [], refused: 'Bad line 1: need ]' },
      { counters: { packets: ']', bytes: ' a\n' }, words: [], refused: null },
    ]);
  });
});

describe('odd texts', () => {
  it('are the same for the same seed, and contain no NUL and no line break', () => {
    const texts = oddTexts(7, 20_000);
    expect(texts).toEqual(oddTexts(7, 20_000));
    expect(texts.filter((text) => /[\0\n]|[^\0-\xff]/.test(text))).toEqual([]);
  });
});
