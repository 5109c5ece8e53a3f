import { describe, expect, it } from 'vitest';
import type { Scope } from '../../src/contract/words/identifiers.ts';
import { findUnguarded } from '../../src/ruleset/policy/required-rules.ts';
import { readWanted } from '../../src/ruleset/wanted/wanted.ts';

const SPEC = '-s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT';
const REQUIRED = {
  name: 'ssh',
  table: 'filter',
  chain: 'INPUT',
  before: ['DROP', 'REJECT'],
  spec: { ipv4: SPEC, ipv6: null },
} as const;

/** The line of the first rule that must not come before the required one; `null` if there is none. */
function firstTooEarly(lines: string[], scope: Scope = 'chains'): number | null {
  const ipv4 = ['*filter', ...lines, 'COMMIT', ''].join('\n');
  const { tables, problems } = readWanted({ scope, ipv4 });
  expect(problems).toEqual([]);
  const table = tables.ipv4.get('filter');
  if (table === undefined) throw new Error('no table');
  return (
    findUnguarded([{ ...REQUIRED, before: [...REQUIRED.before] }], 'ipv4', table, undefined)[0]?.line ?? null
  );
}

const CHAINS = [':a - [0:0]', ':b - [0:0]'];
const OK = `-A a ${SPEC}`;

describe('a required rule', () => {
  it.each<[string, string[], number | null]>([
    ['is ahead of a drop in its chain', ['-A INPUT -j a', OK, '-A a -j DROP'], null],
    ['is behind a drop in its chain', ['-A INPUT -j a', '-A a -j DROP', OK], 5],
    ['is missing, and no packet is refused', ['-A INPUT -j a', '-A a -j ACCEPT'], null],
    ['is in a chain that all pass before', ['-A INPUT -j a', '-A INPUT -j b', OK, '-A b -j DROP'], null],
    ['is in a chain that only some pass', ['-A INPUT -i eth0 -j a', '-A INPUT -j b', OK, '-A b -j DROP'], 7],
    [
      'is in a chain that some packets leave before it',
      ['-A INPUT -j a', '-A INPUT -j b', '-A a -i eth0 -j RETURN', OK, '-A b -j REJECT'],
      8,
    ],
    [
      'is in a chain that some packets leave after it',
      ['-A INPUT -j a', '-A INPUT -j b', OK, '-A a -i eth0 -j RETURN', '-A b -j REJECT'],
      null,
    ],
    [
      'is passed by by packets that go to another chain',
      ['-A INPUT -j a', '-A INPUT -j b', '-A a -i eth0 -g b', OK, '-A b -j DROP'],
      8,
    ],
    [
      'is met by hooks in the order in which they stand',
      ['-I INPUT -j a', '-I INPUT -j b', OK, '-A b -j DROP'],
      7,
    ],
    [
      'is met first when its hook is inserted last',
      ['-I INPUT -j b', '-I INPUT -j a', OK, '-A b -j DROP'],
      null,
    ],
    ['does not reach another built-in chain', ['-A FORWARD -j a', '-A a -j DROP'], null],
    ['is wanted in chains of others, whoever jumps there', ['-A DOCKER-USER -j a', '-A a -j DROP'], 5],
    ['is not replaced by a similar rule', ['-A INPUT -j a', OK.replace('22', '23'), '-A a -j DROP'], 6],
  ])('%s', (_, lines, line) => {
    expect(firstTooEarly([...CHAINS, ...lines])).toBe(line);
  });

  it('has to come before the policy of the chain, too', () => {
    expect(firstTooEarly([':INPUT DROP [0:0]', '-A INPUT -i lo -j ACCEPT'], 'tables')).toBe(2);
    expect(firstTooEarly([':INPUT DROP [0:0]', `-A INPUT ${SPEC}`], 'tables')).toBe(null);
  });
});
