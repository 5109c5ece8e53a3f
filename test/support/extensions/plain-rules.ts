import { NAMES } from './names.ts';

const INTERFACES = [
  'eth0',
  'wg+',
  '+',
  '"two words"',
  '"qu\\"ote"',
  '"back\\\\slash"',
  '-jACCEPT',
  '"x -j DROP"',
  'a/b',
  '!',
  '""',
  '\xe9',
  'fifteen-letters',
  'sixteen-letters-',
  '"tab\there"',
  '"cr\rhere"',
  '#x',
  '[0:0]',
];
const PROTOCOLS = ['tcp', '6', 'all', '0', '255', 'esp', 'TCP', 'ipv6-icmp', 'icmpv6', 'icmp', '253', '""'];

function bothWays(option: string, values: readonly string[]): string[] {
  return values.flatMap((value) => [`${option} ${value}`, `! ${option} ${value}`]);
}

/** Rules without an extension, which iptables reads by itself, each with a chain that it may stand in. */
export const PLAIN_RULES: Readonly<
  Record<'both' | 'ipv4' | 'ipv6', readonly [chain: string, spec: string][]>
> = {
  both: [
    ...bothWays('-i', INTERFACES).map((spec): [string, string] => ['INPUT', spec]),
    ...bothWays('-o', INTERFACES).map((spec): [string, string] => ['OUTPUT', spec]),
    ...bothWays('-p', PROTOCOLS).map((spec): [string, string] => ['FORWARD', spec]),
    ...[
      '',
      '-j ACCEPT',
      '-j DROP',
      '-j RETURN',
      '-j QUEUE',
      '--jump ACCEPT',
      '--ju DROP',
      '-jDROP',
      '-j "ACCEPT"',
      '-j ""',
    ].map((spec): [string, string] => ['FORWARD', spec]),
    ...[
      '-i + -o +',
      '! -i + ! -o +',
      '! -i + -j DROP',
      '-i eth0 ! -o eth0 -j DROP',
      '-c 5 6 -j DROP',
      '--set-counters 5 6 -j DROP',
    ].map((spec): [string, string] => ['FORWARD', spec]),
    ...[
      '-p tcp --dport 22',
      '-p udp --sport 53',
      '-p tcp --syn',
      '-ptcp -jDROP',
      '-p tcp --dpor 22',
      '--protocol=tcp',
      '--in-i eth0',
    ].map((spec): [string, string] => ['INPUT', spec]),
    // Only gotos: `-j` with such a name asks for a target of that name, and is refused.
    ...NAMES.slice(0, 8).map((name): [string, string] => ['FORWARD', `-g ${name}`]),
  ],
  ipv4: [
    ...bothWays('-s', [
      '10.0.0.1',
      '10.0.0.0/8',
      '10.1.2.3/8',
      '0.0.0.0/0',
      '0/0',
      '10.0.0.1/255.0.0.255',
      '10.0.0.1/32',
      '10',
      '010.1.2.3',
    ]).map((spec): [string, string] => ['INPUT', spec]),
    ...bothWays('-d', ['10.0.0.0/255.255.0.0', '0.0.0.0/0', '255.255.255.255']).map(
      (spec): [string, string] => ['INPUT', spec],
    ),
    ...['-f', '! -f', '--fragment', '-f -j DROP', '-4 -j DROP'].map((spec): [string, string] => [
      'INPUT',
      spec,
    ]),
  ],
  ipv6: [
    ...bothWays('-s', [
      '2001:db8::1',
      '2001:db8::/32',
      '2001:db8::1/64',
      '::/0',
      '::',
      '::ffff:192.0.2.1',
      'fe80::1/ffff::ffff',
    ]).map((spec): [string, string] => ['INPUT', spec]),
    ...bothWays('-d', ['ff02::1', '::/0', '2001:DB8::1/128']).map((spec): [string, string] => [
      'INPUT',
      spec,
    ]),
    ['INPUT', '-6 -j DROP'],
  ],
};
