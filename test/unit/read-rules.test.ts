import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainJump } from '../../src/ruleset/saved/plain-rule.ts';
import { readPrintedTwice } from '../../src/ruleset/saved/read-printed.ts';
import { readSavedTable, readSavedTables } from '../../src/ruleset/saved/read-saved.ts';
import { readCommonLine } from '../../src/ruleset/text/common-line.ts';
import { jumpOf } from '../../src/ruleset/text/jump-of.ts';
import { lintAddress } from '../../src/ruleset/text/lint-address.ts';
import { readOptions } from '../../src/ruleset/text/read-options.ts';
import { readSentText, SentCommand } from '../../src/ruleset/text/sent-text.ts';
import { hasOpenQuote, quoteWord, splitWords } from '../../src/ruleset/text/split-words.ts';
import { finish } from '../../src/steps.ts';
import { table } from '../support/rulesets.ts';

describe('the words of a line', () => {
  it.each([
    ['-s 10.0.0.1  -j ACCEPT', ['-s', '10.0.0.1', '-j', 'ACCEPT']],
    ['\t-j\tACCEPT ', ['-j', 'ACCEPT']],
    ['--comment "two words" -j X', ['--comment', 'two words', '-j', 'X']],
    ['--comment "a \\"quoted\\" \\\\ one"', ['--comment', 'a "quoted" \\ one']],
    ['--comment "x"-j DROP', ['--comment', 'x', '-j', 'DROP']],
    ['--comment "b""-M" /p', ['--comment', 'b', '-M', '/p']],
    ['--comment a"b c"d', ['--comment', 'ab c', 'd']],
    ['--comment "" -j X', ['--comment', '', '-j', 'X']],
    ['a\\ b', ['a\\', 'b']],
    ['', []],
  ])('%s', (line, words) => {
    expect(splitWords(line)).toEqual(words);
    expect(hasOpenQuote(line)).toBe(false);
    expect(splitWords(words.map(quoteWord).join(' '))).toEqual(words);
  });

  it.each(['--comment "never closed -j X', '-j X "', '"a" "b\\"'])(
    'have a quote that is never closed: %s',
    (line) => {
      expect(hasOpenQuote(line)).toBe(true);
    },
  );
});

const optionsOf = (line: string) => {
  const { options, stray, unknown } = readOptions(splitWords(line));
  const shown = options.map(({ name, values, isNegated }) =>
    [isNegated ? `! ${name}` : name, ...values].join(' '),
  );
  return { options: shown, stray, unknown };
};

describe('the options of a rule', () => {
  it.each([
    ['-p tcp --dport 22 -j ACCEPT', ['p tcp', 'dport 22', 'j ACCEPT']],
    ['-jACCEPT', ['j ACCEPT']],
    ['-fj ACCEPT', ['f', 'j ACCEPT']],
    ['--jump=chain', ['j chain']],
    ['--go chain', ['g chain']],
    ['-m comment --comm -jd-in', ['m comment', 'comment -jd-in']],
    ['! -i -jd-in', ['! i -jd-in']],
    ['-m helper --helper "-jRETURN"', ['m helper', 'helper -jRETURN']],
    ['-m set --match-s blocked src,dst -j DROP', ['m set', 'match-set blocked src,dst', 'j DROP']],
    ['-m set --set blocked src', ['m set', 'set blocked src']],
    ['-j SET --add-s seen src --exist', ['j SET', 'add-set seen src', 'exist']],
    ['-p tcp --tcp-flags SYN,ACK SYN -j X', ['p tcp', 'tcp-flags SYN,ACK SYN', 'j X']],
    ['-p 6 --spo 1', ['p 6', 'sport 1']],
    ['-m recent --set --name x --rsource', ['m recent', 'set', 'name x', 'rsource']],
    ['-m rateest --rateest-bps1 --rateest-lt', ['m rateest', 'rateest-bps1', 'rateest-lt']],
    ['-m rateest --rateest-bps1 1mbit --rateest-lt', ['m rateest', 'rateest-bps1 1mbit', 'rateest-lt']],
    ['-I INPUT 3 -j X', ['I INPUT 3', 'j X']],
    ['-F -j', ['F', 'j']],
    ['-E old new', ['E old new']],
    ['--modprobe=/p', ['M /p']],
    ['--mod /p', ['M /p']],
  ])('%s', (line, options) => {
    expect(optionsOf(line)).toEqual({ options, stray: [], unknown: [] });
  });

  it('are also found after an unknown option', () => {
    expect(optionsOf('-m foreign --their x --modprobe=/p -j X')).toEqual({
      options: ['m foreign', 'M /p', 'j X'],
      stray: ['x'],
      unknown: ['--their'],
    });
  });

  it('are unknown if they are cut so short that they could be others', () => {
    expect(optionsOf('-p tcp -m tcp --so 1').unknown).toEqual(['--so']);
    expect(optionsOf('--s 10.0.0.1').unknown).toEqual(['--s']);
    expect(optionsOf('--sr 10.0.0.1').options).toEqual(['s 10.0.0.1']);
  });
});

const WORDS =
  '-A -I INPUT own -j -g ACCEPT -s -d ! -i -o eth0 + -p tcp -m comment --comment -jDROP "a b" "" "x"-j 10.0.0.1 10.0.0.0/8 300.1.1.1 ::1/128 2001:db8::/32 a:b --dport 22 :22 --sport http --ctstate NEW,ESTABLISHED --match-set blocked src src,dst --tcp-flags SYN,ACK SYN --syn --limit 5/sec -t --modprobe --modprobe=/p -h --comm -f host.example --reject-with tcp-reset set conntrack --to-source'.split(
    ' ',
  );

const OPTIONS = [
  '-s 10.0.0.0/8',
  '! -d 10.0.0.1',
  '-s 2001:db8::/32',
  '-s a:b',
  '-i eth0+',
  '-p tcp -m tcp --dport 22',
  '-p udp --sport 1:9',
  '-m comment --comment "a b"',
  '-m comment --comment -t',
  '-m conntrack ! --ctstate NEW',
  '-m set --match-set blocked src',
  '-p tcp --tcp-flags SYN,ACK SYN',
];

describe('a line in the common form', () => {
  it('is read in one go with the same result as word by word, in both families', () => {
    const word = fc.constantFrom(...WORDS);
    const option = fc.constantFrom(...OPTIONS);
    const spec = fc
      .array(fc.oneof({ weight: 1, arbitrary: word }, { weight: 9, arbitrary: option }), { maxLength: 6 })
      .map((words) => words.join(' '));
    const line = fc
      .tuple(fc.constantFrom('-A INPUT ', '-I own '), spec, fc.constantFrom(' -j ACCEPT', ' -g own', ''))
      .map((parts) => parts.join(''));
    let common = 0;
    fc.assert(
      fc.property(line, fc.constantFrom('ipv4' as const, 'ipv6' as const), (text, family) => {
        const found = readCommonLine(text, family);
        if (found === null) return;
        common += 1;
        const command = new SentCommand(1, text, family);
        const { options } = command.reading;
        const byLetter = (letters: string) =>
          options.filter(({ owner, name }) => owner === 'iptables' && letters.includes(name));
        expect(byLetter('AI')).toMatchObject([{ name: found.command, values: [found.chain] }]);
        expect(jumpOf(options)).toEqual(found.jump);
        expect(byLetter('tMhVvnxwWc046LS')).toEqual([]);
        const addresses = options.filter(({ isAddress }) => isAddress);
        expect(addresses.map(({ written, values }) => lintAddress(written, values[0], family))).toEqual(
          addresses.map(() => null),
        );
      }),
      { numRuns: 50_000 },
    );
    expect(common).toBeGreaterThan(1_000);
  });

  it('is a rule as people usually write it', () => {
    for (const text of [
      '-A INPUT -s 10.0.0.0/8 ! -i eth0 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT',
      '-A edge -m comment --comment "from the office" -j LOG',
      '-I FORWARD -m set --match-set blocked src -j DROP',
    ])
      expect(readCommonLine(text, 'ipv4'), text).not.toBeNull();
  });
});

describe('a text that was sent', () => {
  it('is read line by line, as restore does', () => {
    const { sections, problems } = readSentText(
      '# a comment\n*filter \n:INPUT   ACCEPT   [0:0]\n:"INPUT" - [0:0]\n[12:345]-A INPUT -j DROP\n\t-A "own" -j DROP\nCOMMIT\n',
      'ipv4',
    );
    expect(problems).toEqual([]);
    expect(sections).toMatchObject([
      {
        table: 'filter',
        line: 2,
        commitLine: 7,
        lines: [
          { name: 'INPUT', policy: 'ACCEPT', line: 3 },
          { name: '"INPUT"', policy: '-', line: 4 },
          { words: ['-A', 'INPUT', '-j', 'DROP'], line: 5 },
          { words: ['-A', 'own', '-j', 'DROP'], line: 6 },
        ],
      },
    ]);
  });

  it.each([
    ['a rule before any table', '-A INPUT -j ACCEPT\n', 1, /outside a table/],
    ['a table that does not exist', table('fliter'), 1, /there are raw, mangle/],
    [
      'a table without COMMIT',
      '*filter\n-A INPUT -j ACCEPT\n',
      2,
      /from line 1, has no COMMIT: add it after/,
    ],
    ['a table in a table', '*filter\n*nat\nCOMMIT\n', 2, /add it before this line/],
    ['a COMMIT with a blank after it', '*filter\nCOMMIT \n', 2, /stands alone/],
    ['a chain line cut off', table('filter', ':a'), 2, /not a chain line/],
    ['invalid counters', table('filter', '[1] -A INPUT'), 2, /counters such as/],
  ])('is refused for %s', (_, text, line, reason) => {
    expect(readSentText(text, 'ipv4').problems[0]).toMatchObject({
      line,
      reason: expect.stringMatching(reason),
    });
  });
});

const SAVED = [
  '# Generated by iptables-save v1.8.9',
  '*filter',
  ':INPUT DROP [7:420]',
  ':FORWARD ACCEPT [0:0]',
  ':edge - [0:0]',
  '[5:500] -A INPUT -j edge',
  '[0:0] -A FORWARD -m hashlimit --hashlimit-upto 5/sec --hashlimit-burst 5 --hashlimit-name a',
  '[0:0] -A INPUT -j DROP',
  '[1:2] -A edge -m comment --comment "two',
  'COMMIT',
  'lines" -j ACCEPT',
  'COMMIT',
  '# Completed',
  '',
].join('\n');

describe('a table that was saved', () => {
  it('is read with policies and counters, and each rule up to the start of the next', () => {
    const saved = finish(readSavedTable(SAVED, 'filter'));
    expect(saved?.table.chains.get('INPUT')).toEqual({
      name: 'INPUT',
      policy: 'DROP',
      counters: '7:420',
      line: 3,
    });
    expect(saved?.table.chains.get('edge')?.policy).toBeNull();
    expect(saved?.table.rules.map(({ counters, text }) => [counters, text])).toEqual([
      ['5:500', '-A INPUT -j edge'],
      ['0:0', '-A FORWARD -m hashlimit --hashlimit-upto 5/sec --hashlimit-burst 5 --hashlimit-name a'],
      ['0:0', '-A INPUT -j DROP'],
      ['1:2', '-A edge -m comment --comment "two\nCOMMIT\nlines" -j ACCEPT'],
    ]);
  });

  it('is read with what was read before just as without', () => {
    const counters = fc.constantFrom('[0:0]', '[12:720]');
    const text = fc.constantFrom(
      '-A INPUT -s 10.0.0.1/32 -j DROP',
      '-A INPUT -s 10.0.0.2/32 -j own',
      '-A INPUT -s 10.0.0.1/32 -j DROP -m',
      '-A own -j ACCEPT',
      '-A own -m recent --rcheck --name a -j DROP',
      '-A gone -j ACCEPT',
      '-A own -m hashlimit --hashlimit-name a\n[0:0] -A INPUT -s 10.0.0.1/32 -j DROP',
      'a line of its own',
    );
    const list = fc.array(fc.tuple(counters, text), { maxLength: 12 });
    const save = (lines: [string, string][]) =>
      [
        '*filter',
        ':INPUT ACCEPT [1:2]',
        ':own - [0:0]',
        ...lines.map((line) => line.join(' ')),
        'COMMIT',
        '',
      ].join('\n');
    fc.assert(
      fc.property(list, list, fc.nat(12), (some, others, at) => {
        const before = finish(readSavedTable(save(some), 'filter'))?.table.rules ?? [];
        // Often the same with a few others in it.
        for (const now of [
          others,
          [...some.slice(0, at), ...others.slice(0, 2), ...some.slice(at)],
          some.toSpliced(at, 1),
        ])
          expect(finish(readSavedTable(save(now), 'filter', before))).toEqual(
            finish(readSavedTable(save(now), 'filter')),
          );
      }),
    );
  });

  it('has a doubtful rule where a line may be a part of a name in the rule before', () => {
    expect(finish(readSavedTable(SAVED, 'filter'))?.doubtful).toEqual([
      { chain: 'INPUT', position: 2, text: '-A INPUT -j DROP' },
    ]);
  });

  it('is not read if it is cut off', () => {
    expect(finish(readSavedTable('*filter\n:INPUT ACCEPT [0:0]\n', 'filter'))).toBeNull();
    expect(finish(readSavedTable('', 'filter'))).toBeNull();
  });

  it('may be one of several in a text that fleetwall wrote itself', () => {
    const tables = readSavedTables(
      table('filter', ':a - [0:0]', '-I INPUT -j a') + table('nat', '-A OUTPUT -j ACCEPT'),
    );
    expect([...tables.keys()]).toEqual(['filter', 'nat']);
    expect(tables.get('filter')?.rules[0]).toMatchObject({ text: '-A INPUT -j a', insert: true });
  });
});

describe('rules that were printed twice each', () => {
  const forged = '-A FORWARD -m hashlimit --hashlimit-name a\n[0:0] -A INPUT -j DROP';
  const comment = '-A FORWARD -m comment --comment "two\nlines" -j ACCEPT';
  const printed = [
    '-A FORWARD -j edge',
    '-A FORWARD -c 5 500 -j edge',
    forged,
    `${forged} -c 0 0`,
    comment,
    comment.replace(' -j', ' -c 1 2 -j'),
  ];

  it('are separated, whatever text is in them', () => {
    const rules = readPrintedTwice(printed.join('\n'));
    expect(rules?.map(({ text, counters }) => [counters, text])).toEqual([
      ['5:500', '-A FORWARD -j edge'],
      ['0:0', forged],
      ['1:2', comment],
    ]);
    expect(readPrintedTwice('')).toEqual([]);
  });

  it('are not read if anything else was printed', () => {
    expect(readPrintedTwice(printed.slice(1).join('\n'))).toBeNull();
    expect(readPrintedTwice(printed.slice(0, -1).join('\n'))).toBeNull();
    expect(readPrintedTwice('-A a\n-A b -c 0 0')).toBeNull();
  });
});

describe('a rule that is saved', () => {
  it.each([
    ['-A INPUT -j edge', 'edge'],
    [
      '-A INPUT -s 10.0.0.0/8 ! -i eth0 -p tcp -m tcp --dport 22 -m comment --comment "a \\"b\\"" -j ACCEPT',
      'ACCEPT',
    ],
    ['-A INPUT -m set --match-set fw4.blocked src,dst -j DROP', 'DROP'],
    ['-A OUTPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 1400', 'TCPMSS'],
    ['-A a -g b', 'b'],
  ])('%s is plain', (text, target) => {
    expect(plainJump(text)?.target).toBe(target);
  });

  it.each([
    '-A INPUT -i eth0',
    '-A INPUT -i + -j ACCEPT',
    '-A INPUT -m recent --set --name x --mask 255.255.255.255 --rsource -j ACCEPT',
    '-A INPUT -m set --match-set a b src -j DROP',
    '-A C -i src -m comment --comment src -j ACCEPT',
    '-A INPUT -m comment --comment "never closed -j ACCEPT',
    '-A INPUT -m comment --comment "two\nlines" -j ACCEPT',
    '-A INPUT -m comment --comment "\xe9" -j ACCEPT',
    '-A INPUT -j RATEEST --rateest-name x',
    '-A ch"q -j DROP',
  ])('%j is odd', (text) => {
    expect(plainJump(text)).toBeNull();
  });
});
