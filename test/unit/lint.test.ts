import { describe, expect, it } from 'vitest';
import type { Scope } from '../../src/contract/words/identifiers.ts';
import { readWanted } from '../../src/ruleset/wanted/wanted.ts';
import { table } from '../support/rulesets.ts';

const lint = (text: string, scope: Scope = 'chains', family: 'ipv4' | 'ipv6' = 'ipv4') =>
  readWanted({ scope, [family]: text }).problems.map(({ line, reason }) => [line, reason]);

/** One rule in a chain of the ruleset's own, on line 3. */
const rule = (spec: string) => table('filter', ':a - [0:0]', `-A a ${spec}`);

describe('a rule', () => {
  it.each([
    ['an open quote', '-m comment --comment "open -j DROP', /quote/],
    ['an option of the program', '-t nat -j DROP', /-t is an option of the program/],
    ['an option of the program among other letters', '-ft nat -j DROP', /-t is an option/],
    ['an option of the program by its long name', '--table nat -j DROP', /--table is/],
    ['an option of the program by a shortened name', '--t nat -j DROP', /--t is/],
    ['an option of the program with its value in one word', '--tab=nat -j DROP', /--tab is/],
    ['a program to be run', '--modprobe=/tmp/x -j DROP', /--modprobe is/],
    ['a program to be run, by a shortened name', '--mo /tmp/x -j DROP', /--mo is/],
    ['a program to be run, by a letter', '-M/tmp/x -j DROP', /-M is/],
    ['a call for help', '-h', /-h is/],
    ['a family, by a number', '-6 -j DROP', /-6 is/],
    ['a family, written out', '--ipv6 -j DROP', /--ipv6 is/],
    ['counters as options', '-c 1 2 -j DROP', /-c is/],
    ['another command', '-D INPUT -j DROP', /-D is/],
    ['a time to wait for the lock', '-w5 -j DROP', /-w is/],
    ['a negation in the wrong place', '-s ! 10.0.0.0/8 -j DROP', /"!" goes before the option: write ! -s/],
    ['a dash too few', '-p tcp -dport 53 -j DROP', /-dport has one dash too few: write --dport/],
    [
      'a host name as a value of an extension',
      '-m conntrack --ctorigsrc localhost -j DROP',
      /no IPv4 address/,
    ],
    ['a quote that ends a word', '-m comment --comment "x"--modprobe=/p -j DROP', /--modprobe is/],
    ['two quotes in a row', '-m comment --comment "b""-M" /p', /-M is/],
    ['the name of a network', '-s loopback -j DROP', /no IPv4 address/],
    ['a host name', '-s www.example.com -j DROP', /no IPv4 address: iptables would look it up/],
    ['a host name, negated', '! --destination localhost -j DROP', /no IPv4 address/],
    ['an invalid address', '-s 10.0.0.256 -j DROP', /no IPv4 address/],
    ['an address of the other family', '--src 2001:db8::1 -j DROP', /no IPv4 address, but one of IPv6/],
    ['an address in the same word', '-s10.0.0.1 -j DROP', /a word of its own: write -s 10.0.0.1/],
    ['an invalid mask', '-d 10.0.0.0/33 -j DROP', /no mask/],
    ['a long log prefix', `-j LOG --log-prefix ${'x'.repeat(30)}`, /30 bytes, and would be cut: 29/],
    ['a long comment', `-m comment --comment "${'ä'.repeat(128)}" -j DROP`, /256 bytes/],
    [
      'a word too many',
      `${'-m comment --comment c '.repeat(61)}! -p tcp`,
      /249 words, and iptables takes 248 at most of a line with counters/,
    ],
    ['a jump to nothing that exists', '-j nowhere', /neither a target nor a chain/],
    ['a goto to a target', '-g LOG', /no chain that this table declares/],
    ['a jump without a target', '-p tcp -j', /no target/],
    ['a set like an option', '-m set --match-set -! src -j DROP', /--match-set -! is an option to ipset/],
    ['a set like an option, quoted', '-m set --match-s "-exist" src -j DROP', /an option to ipset/],
    ['the set in which a list is made ready', '-m set --match-set fw4.web.2 src -j DROP', /write fw4\.web$/],
    ['the same of the other family', '-m set --match-set fw6.web.2 src -j DROP', /write fw4\.web$/],
    ['a set to be filled, like an option', '-j SET --add-set -q src', /an option to ipset/],
  ])('is refused for %s', (_, spec, reason) => {
    expect(lint(rule(spec))).toEqual([[3, expect.stringMatching(reason)]]);
  });

  it.each([
    '-p tcp -m tcp --tcp-flags SYN,ACK SYN -j TCPMSS --clamp-mss-to-pmtu',
    '-m recent --set --name x --rsource',
    '-m policy --dir in --pol ipsec -j ACCEPT',
    '-m statistic --mode random --probability 0.5 -j ACCEPT',
    '-m comment --comment "-t nat --modprobe=x" -j ACCEPT',
    '-m comment --comment -t -j ACCEPT',
    '-j LOG --log-prefix "-h "',
    '-m string --string "-j x" --algo bm -j DROP',
    '-s 10/8 -d 10.0.0.0/255.0.0.0 -j ACCEPT',
    '-s 10.0.0.1,10.0.0.2 -d 10.1.0.0/16,10.2.0.0/16 -j DROP',
    '! -s 10.0.0.1 -f -j DROP',
    '-m addrtype --dst-type LOCAL -m iprange --src-range 10.0.0.1-10.0.0.9 -j ACCEPT',
    '-m helper --helper ftp -m ttl --ttl-gt 3 -j ACCEPT',
    '-j TARPIT',
    '-m set --match-set "-jDROP" src -j DROP',
    '-m set --match-set fw4.web.3 src -j DROP',
    '-m comment --comment \u{1f600}\ufffd -j DROP',
    '-m set --match-set fw4.My.2 src -j DROP',
    '',
  ])('is not refused: %s', (spec) => {
    expect(lint(rule(spec))).toEqual([]);
  });

  it('is judged by its own family', () => {
    expect(lint(rule('-s 2001:db8::/32 -d ::ffff:10.0.0.1/ffff:: -j DROP'), 'chains', 'ipv6')).toEqual([]);
    expect(lint(rule('-s 10.0.0.1 -j DROP'), 'chains', 'ipv6')).toEqual([
      [3, expect.stringMatching(/no IPv6 address/)],
    ]);
  });
});

describe('a line', () => {
  it.each([
    ['with a CR', '*filter\r\n:a - [0:0]\r\nCOMMIT\r\n', 1, /CR LF \(as 2 more lines do\)/],
    ['with a CR alone', '*filter\n:a - [0:0]\nCOMMIT\r', 3, /^ends in CR alone/],
    ['with a control character', rule('-j DROP\u001b[2J'), 3, /control character/],
    ['with half of a character', rule('-m comment --comment a\ud800b -j DROP'), 3, /no UTF-8/],
    ['with the halves of a character in the wrong order', rule('-i \udc00\ud800 -j DROP'), 3, /no UTF-8/],
    ['with more bytes than iptables reads', rule(`-j DROP ${' '.repeat(10_240)}`), 3, /has \d+ bytes/],
    ['with a name that is too long', table('filter', `:${'a'.repeat(29)} - [0:0]`), 2, /at most 28/],
    ['with a name that is an option', table('filter', ':-a - [0:0]'), 2, /begin with -/],
    ['with a name that is a target', table('filter', ':DROP - [0:0]'), 2, /is a target/],
    [
      'that comes after a jump to it',
      table('filter', ':a - [0:0]', '-A a -j b', ':b - [0:0]'),
      3,
      /only on line 4/,
    ],
    ['that comes before its own chain', table('filter', '-A a -j DROP', ':a - [0:0]'), 2, /only on line 3/],
    ['in a text without a table', '# nothing\n', 1, /no table in the text/],
  ])('is refused %s', (_, text, line, reason) => {
    expect(lint(text)).toEqual([[line, expect.stringMatching(reason)]]);
  });

  it('is reported as missing if neither family has a table', () => {
    expect(lint('')).toEqual([[1, expect.stringMatching(/no table in either family/)]]);
    expect(readWanted({ scope: 'chains' }).problems).toHaveLength(1);
    expect(readWanted({ scope: 'chains', ipv4: '', ipv6: table('filter', ':a - [0:0]') }).problems).toEqual(
      [],
    );
  });

  it('that is wrong is the only one that is reported for it', () => {
    const chain = 'a'.repeat(29);
    expect(
      lint(table('filter', `:${chain} - [0:0]`, `-A INPUT -j ${chain}`, `-A ${chain} -j DROP`)),
    ).toHaveLength(1);
    expect(lint(table('filter', ':a', '-A INPUT -j a', '-A a -j DROP'))).toHaveLength(1);
    expect(lint('*fliter\n:a - [0:0]\n-A a -j DROP\nCOMMIT\n')).toHaveLength(1);
  });

  it('that is wrong is reported, and so is every other wrong line', () => {
    const text = `${table('filter', ':a - [0:0]', '-A a -h', '-A a -j DROP', '-A a -j no')}*nat\n-F\n`;
    expect(lint(text).map(([line]) => line)).toEqual([3, 5, 8]);
  });
});

describe('the lines that break ownership are found', () => {
  const lines = (scope: Scope, ...text: string[]) =>
    lint(table('filter', ...text), scope).map(([line]) => line);

  it.each([
    [
      'a hook and its rules',
      [':a - [0:0]', '-A INPUT -s 10.0.0.1 -j a', '-I FORWARD -j a', '-A a -j DROP'],
      [],
    ],
    ['a hook in a chain of others', [':a - [0:0]', '-I DOCKER-USER -j a'], []],
    ['a rule in a chain of others', [':a - [0:0]', '-A INPUT -j DROP'], [3]],
    ['a rule without a jump in a chain of others', [':a - [0:0]', '-A INPUT -s 10.0.0.1'], [3]],
    ['a policy', [':INPUT DROP [0:0]'], [2]],
    ['a policy for a chain of its own', [':a DROP [0:0]', '-A a -j DROP'], [2]],
    ['-I in a chain of its own', [':a - [0:0]', '-I a -j DROP'], [3]],
    ['-I with a position', [':a - [0:0]', '-I INPUT 3 -j a'], [3]],
    ['a hook that hides its target', [':a - [0:0]', '-A INPUT -m comment --comm -ja -j DROP'], [3]],
    [
      'a hook that hides its target, and has its jump right after a quote',
      [':a - [0:0]', '-I INPUT -m comment --comm -ja -m comment --comment "x"-j DROP'],
      [3],
    ],
    ['a hook whose jump is the name of an interface', [':a - [0:0]', '-I INPUT ! -i -ja'], [3]],
    ['a chain by its quoted name', [':"INPUT" - [0:0]', '-A "INPUT" -j DROP'], [3]],
    ['a goto', [':a - [0:0]', '-A INPUT -g a'], [3]],
    ['-I with the first position', [':a - [0:0]', '-I INPUT 1 -j a'], []],
    [
      '-A in its other spellings',
      [':a - [0:0]', '--append INPUT -j a', '--app=a -j DROP', '-Aa -j DROP', '  -A\ta -j DROP'],
      [],
    ],
    [
      'commands that stand elsewhere',
      [
        ':a - [0:0]',
        '-s 192.0.2.1 -A a',
        '-j a -I INPUT',
        '-fA a',
        '! -A a',
        '-i lo -A INPUT -j DROP',
        '-j a',
      ],
      [6, 7, 8],
    ],
  ])('in scope chains: %s', (_, text, wrong) => {
    expect(lines('chains', ...text)).toEqual(wrong);
  });

  it.each([
    ['policies and rules anywhere', [':INPUT DROP [0:0]', ':a - [0:0]', '-A INPUT -j a', '-A a -j DROP'], []],
    ['commands', ['-N a', '-P INPUT DROP', '-I INPUT 1 -j DROP', '--append a -j DROP', '-F INPUT'], []],
    ['an invalid policy', [':INPUT REJECT [0:0]'], [2]],
    ['a policy for a chain that is not built in', [':a DROP [0:0]'], [2]],
    ['a chain that only the kernel can find missing', ['-A nowhere -j DROP'], []],
    ['an option of the program', ['-N a', '-t nat -I INPUT'], [3]],
  ])('in scope tables: %s', (_, text, wrong) => {
    expect(lines('tables', ...text)).toEqual(wrong);
  });
});
