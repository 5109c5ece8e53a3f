import type { Family, Scope } from '../../src/contract/words/identifiers.ts';
import { table } from './rulesets.ts';

/** A ruleset whose bad lines are known beforehand. */
export interface BadRuleset {
  what: string;
  scope?: Scope;
  ipv4?: string;
  ipv6?: string;
  /** The family and the number of each bad line. */
  bad: [Family, number][];
}

const good = (count: number, chain = 'a') =>
  Array.from(
    { length: count },
    (_, index) => `-A ${chain} -s 10.1.${index >> 8}.${index & 255}/32 -j ACCEPT`,
  );

/** Line 2 is chain `a`, line 3 its hook, lines 4 to 13 ten good rules, line 14 the first bad one; three good rules follow. */
const among = (...bad: string[]) =>
  table('filter', ':a - [0:0]', '-A INPUT -j a', ...good(10), ...bad, ...good(3));

const rule = (what: string, spec: string): BadRuleset => ({
  what,
  ipv4: among(`-A a ${spec}`),
  bad: [['ipv4', 14]],
});

export const BAD_RULESETS: BadRuleset[] = [
  // Refused by iptables itself while it reads the text.
  rule('an unknown option', '--bogus -j DROP'),
  rule('an unknown match', '-m bogus -j DROP'),
  rule('an unknown target', '-j NOPE'),
  rule('a word too many', '-p tcp garbage -j DROP'),
  rule('a port out of range', '-p tcp --dport 99999 -j DROP'),
  rule('a port without a protocol', '--dport 22 -j DROP'),
  rule('an unknown protocol', '-p nonsense -j DROP'),
  rule('an unknown service', '-p tcp --dport nonsense -j DROP'),
  rule('an option without its value', '-p tcp --dport'),
  rule('two targets', '-j ACCEPT -j DROP'),
  rule('an interface name too long', '-i abcdefghijklmnopq -j DROP'),
  rule('a state that is none', '-m conntrack --ctstate BOGUS -j DROP'),
  rule('a limit that is none', '-m limit --limit 5/fortnight -j DROP'),
  rule('a mark that is none', '-m mark --mark zzz -j DROP'),
  rule('a MAC address that is none', '-m mac --mac-source 00:11:22:33:44 -j DROP'),
  rule('TCP flags that are none', '-p tcp --tcp-flags FOO BAR -j DROP'),
  rule('an ICMP type that is none', '-p icmp --icmp-type nonsense -j DROP'),
  rule('a reject type that is none', '-j REJECT --reject-with nonsense'),
  rule(
    'too many ports',
    `-p tcp -m multiport --dports ${Array.from({ length: 16 }, (_, i) => i + 1).join(',')} -j DROP`,
  ),
  rule('a log level that is none', '-j LOG --log-level nonsense'),
  rule('a set that is not there', '-m set --match-set nosuch src -j DROP'),
  rule('a user that is not there', '-m owner --uid-owner nosuchuser -j DROP'),
  rule('a probability over 1', '-m statistic --mode random --probability 2 -j DROP'),
  rule('a required option that is missing', '-m string --string x -j DROP'),
  rule('an option of the target without it', '--to-destination 10.0.0.1 -j ACCEPT'),
  rule('a negation of nothing', '! -j DROP'),
  // Refused only by the kernel; legacy names the COMMIT line.
  rule('a target of the table nat', '-j MASQUERADE'),
  rule('DNAT in filter', '-j DNAT --to-destination 10.0.0.1'),
  rule('a target of the table mangle', '-j TPROXY --on-port 1 --tproxy-mark 1'),
  rule('a reset for what is not TCP', '-j REJECT --reject-with tcp-reset'),
  rule('NOTRACK outside raw', '-j NOTRACK'),
  rule('the MSS of what is not TCP', '-j TCPMSS --set-mss 1400'),
  {
    what: 'a loop of three chains',
    ipv4: table(
      'filter',
      ':a - [0:0]',
      ':b - [0:0]',
      ':c - [0:0]',
      '-A INPUT -j a',
      '-A a -j b',
      ...good(5),
      '-A b -j c',
      '-A c -j a',
      ...good(2),
    ),
    bad: [['ipv4', 13]],
  },
  {
    what: 'a loop that only its hook closes',
    ipv4: table(
      'filter',
      ':a - [0:0]',
      ':b - [0:0]',
      '-A a -j b',
      '-A b -j a',
      ...good(5),
      '-A INPUT -j a',
      ...good(2),
    ),
    bad: [['ipv4', 11]],
  },
  {
    what: 'a chain that jumps to itself',
    ipv4: table('filter', ':a - [0:0]', '-A INPUT -j a', ...good(2), '-A a -j a'),
    bad: [['ipv4', 6]],
  },
  {
    what: 'DNAT that is reached from POSTROUTING by a later jump',
    ipv4: table(
      'nat',
      ':a - [0:0]',
      '-A a -j DNAT --to-destination 10.0.0.1',
      ...good(3),
      '-A POSTROUTING -j a',
    ),
    bad: [['ipv4', 7]],
  },
  {
    what: 'MASQUERADE that is reached from OUTPUT through two chains',
    ipv4: table(
      'nat',
      ':a - [0:0]',
      ':b - [0:0]',
      '-A a -j MASQUERADE',
      '-A b -j a',
      ...good(2),
      '-A OUTPUT -j b',
    ),
    bad: [['ipv4', 8]],
  },
  // Bad because of where it stands.
  {
    what: 'the first rule of all',
    ipv4: table('filter', ':a - [0:0]', '-A a --bogus', ...good(20)),
    bad: [['ipv4', 3]],
  },
  {
    what: 'the last rule of all',
    ipv4: table('filter', ':a - [0:0]', ...good(20), '-A a -j MASQUERADE'),
    bad: [['ipv4', 23]],
  },
  {
    what: 'behind comments and empty lines',
    ipv4: `# one\n\n${table('filter', ':a - [0:0]', '# two', '', '-A a -s 10.0.0.1 -j ACCEPT', '', '-A a -p tcp --dport 99999 -j DROP')}`,
    bad: [['ipv4', 9]],
  },
  {
    what: 'in the second table',
    ipv4: among('-A a -j DROP') + table('mangle', ':m - [0:0]', '-A m -j DROP', '-A m -j MASQUERADE'),
    bad: [['ipv4', 22]],
  },
  {
    what: 'in the third table, with the second good',
    ipv4:
      table('filter', ':a - [0:0]') +
      table('nat', ':n - [0:0]', '-A n -j MASQUERADE') +
      table('raw', ':r - [0:0]', '-A r --bogus'),
    bad: [['ipv4', 10]],
  },
  {
    what: 'in IPv6 only',
    ipv4: among('-A a -j DROP'),
    ipv6: table(
      'filter',
      ':a - [0:0]',
      '-A a -s 2001:db8::1/128 -j ACCEPT',
      '-A a -p tcp --dport 99999 -j DROP',
    ),
    bad: [['ipv6', 4]],
  },
  {
    what: 'IPv4 ICMP in IPv6',
    ipv6: table(
      'filter',
      ':a - [0:0]',
      '-A a -p icmpv6 --icmpv6-type echo-request -j ACCEPT',
      '-A a -j REJECT --reject-with icmp-port-unreachable',
    ),
    bad: [['ipv6', 4]],
  },
  {
    what: 'an IPv6 target of nat in filter',
    ipv6: table('filter', ':a - [0:0]', '-A a -j ACCEPT', '-A a -j MASQUERADE', '-A a -j DROP'),
    bad: [['ipv6', 4]],
  },
  // Several bad lines at once.
  {
    what: 'three of different kinds',
    ipv4: table(
      'filter',
      ':a - [0:0]',
      ...good(3),
      '-A a -j MASQUERADE',
      ...good(3),
      '-A a --bogus',
      ...good(3),
      '-A a -p tcp --dport 99999 -j DROP',
      ...good(3),
    ),
    bad: [
      ['ipv4', 6],
      ['ipv4', 10],
      ['ipv4', 14],
    ],
  },
  {
    what: 'two next to each other that the kernel refuses',
    ipv4: among('-A a -j MASQUERADE', '-A a -j DNAT --to-destination 10.0.0.1'),
    bad: [
      ['ipv4', 14],
      ['ipv4', 15],
    ],
  },
  {
    what: 'in two tables and both families',
    ipv4: table('filter', ':a - [0:0]', '-A a --bogus') + table('mangle', ':m - [0:0]', '-A m -j MASQUERADE'),
    ipv6: table('filter', ':a - [0:0]', '-A a -j REDIRECT'),
    bad: [
      ['ipv4', 3],
      ['ipv4', 7],
      ['ipv6', 3],
    ],
  },
  {
    what: 'what lint finds, and what the kernel does',
    ipv4: table(
      'filter',
      ':a - [0:0]',
      '-A a -s www.example.com -j DROP',
      '-A a -j MASQUERADE',
      '-A a -h',
      '-A a -p tcp --dport 99999 -j DROP',
    ),
    bad: [
      ['ipv4', 3],
      ['ipv4', 4],
      ['ipv4', 5],
      ['ipv4', 6],
    ],
  },
  {
    what: 'sixteen, more than the buffer of iptables holds',
    ipv4: table('filter', ':a - [0:0]', ...Array.from({ length: 16 }, () => '-A a -j MASQUERADE')),
    bad: Array.from({ length: 16 }, (_, index) => ['ipv4', index + 3]),
  },
  // Read by iptables as something else, without any report.
  rule('an open quote', '-m comment --comment "open -j DROP'),
  rule('a cry for help', '-h'),
  rule('a rule of the other family', '-6 -j DROP'),
  rule('a log prefix that would be cut', `-j LOG --log-prefix ${'x'.repeat(30)}`),
  rule('a line of more than 10,239 bytes', `-m comment --comment "x" ${' '.repeat(10_240)}-j DROP`),
  // Against ownership, or against the form of the text.
  rule('a table in a rule', '-t nat -j DROP'),
  rule('a program to be run', '--modprobe=/tmp/x -j DROP'),
  rule('a jump to a chain that is not declared', '-j nowhere'),
  { what: 'a rule in a chain of others', ipv4: among('-A INPUT -j DROP'), bad: [['ipv4', 14]] },
  {
    what: 'a policy in scope chains',
    ipv4: table('filter', ':INPUT DROP [0:0]', ':a - [0:0]'),
    bad: [['ipv4', 2]],
  },
  {
    what: 'a policy that is none',
    scope: 'tables',
    ipv4: table('filter', ':INPUT BOGUS [0:0]'),
    bad: [['ipv4', 2]],
  },
  { what: 'an unknown table', ipv4: `${among()}*fliter\nCOMMIT\n`, bad: [['ipv4', 18]] },
  {
    what: 'a chain twice',
    ipv4: table('filter', ':a - [0:0]', ':b - [0:0]', ':a - [0:0]'),
    bad: [['ipv4', 4]],
  },
  ...(
    [
      ['counters alone', '[5:6]'],
      ['counters before a comment', '[5:6]# none'],
      ['counters before a chain', '[5:6]:x - [0:0]'],
      ['counters before COMMIT', '[5:6]COMMIT'],
      ['counters before a table', '[5:6]*filter'],
      ['counters twice', '[5:6][7:8]-A INPUT -j ACCEPT'],
      ['counters and a blank', '[5:6] '],
      ['a blank alone', ' '],
    ] as const
  ).map(
    ([what, line]): BadRuleset => ({
      what,
      scope: 'tables',
      ipv4: table('filter', '-A INPUT -s 10.0.0.1/32 -j ACCEPT', line, '-A INPUT -j DROP'),
      bad: [['ipv4', 3]],
    }),
  ),
  { what: 'a chain name too long', ipv4: table('filter', `:${'a'.repeat(29)} - [0:0]`), bad: [['ipv4', 2]] },
  { what: 'a space after COMMIT', ipv4: '*filter\n:a - [0:0]\n-A a -j DROP\nCOMMIT \n', bad: [['ipv4', 4]] },
  { what: 'no COMMIT at the end', ipv4: '*filter\n:a - [0:0]\n-A a -j DROP\n', bad: [['ipv4', 3]] },
  {
    what: 'no COMMIT before the next table',
    ipv4: '*filter\n:a - [0:0]\n*nat\nCOMMIT\n',
    bad: [['ipv4', 3]],
  },
  { what: 'lines that end in CR LF', ipv4: '*filter\r\n:a - [0:0]\r\nCOMMIT\r\n', bad: [['ipv4', 1]] },
];
