import { expect, it } from 'vitest';
import { meantName } from '../../src/cli/show/meant-name.ts';
import type { Family } from '../../src/contract/words/identifiers.ts';

const edge = (line: string, table = '*filter') =>
  [table, ':edge - [0:0]', '-A INPUT -j edge', line, 'COMMIT'].join('\n');

function meant(text: string, line: number, reason: string, family: Family = 'ipv4'): string {
  const ruleset = { name: 'edge', scope: 'chains' as const, adopt: [], [family]: text };
  const file = {
    path: 'edge.rules',
    form: family,
    ruleset,
    tests: new Map<string, number>(),
    placeOf: (_: Family, own: number) => ({ line: own, isExact: true }),
  };
  const rest = { table: 'filter', chain: 'edge', text: '', reportedLine: null, context: [] };
  return meantName({ family, line, reason, confidence: 'verified', ...rest }, file);
}

// The reasons are those of iptables 1.8.9, and fleetwall's own.
it.each<[string, string, string, string]>([
  ['a target', '-A edge -j ACCETP', "Chain 'ACCETP' does not exist", 'ACCEPT'],
  ['a target of legacy', '-A edge -j DORP', "Couldn't load target `DORP':No such file or directory", 'DROP'],
  ['a target in small letters', '-A edge -j accept', 'accept is neither a target nor a chain', 'ACCEPT'],
  ['a chain of the text', '-A edge -g edgee', 'edgee is no chain that this table declares', 'edge'],
  ['a match', '-A edge -m conntrak --ctstate NEW', "Couldn't load match `conntrak':No such", 'conntrack'],
  ['an option of a match', '-A edge -m conntrack --ctsate NEW', 'unknown option "--ctsate"', '--ctstate'],
  ['an option of a protocol', '-A edge -p tcp --dprt 22', 'unknown option "--dprt"', '--dport'],
  ['an option of a target', '-A edge -j LOG --log-prfix x', 'unknown option "--log-prfix"', '--log-prefix'],
  ['an option of iptables', '-A edge --souce 10.0.0.1', 'unknown option "--souce"', '--source'],
  ['a protocol', '-A edge -p tcpp', 'unknown protocol "tcpp" specified', 'tcp'],
  [
    'a chain to which rules go',
    '-A edeg -j DROP',
    "chain edeg is not declared, so not this ruleset's",
    'edge',
  ],
  ["a chain of the kernel's", '-A INPT -j edge', 'No chain/target/match by that name', 'INPUT'],
])('what was meant is told of %s', (_, line, reason, name) => {
  expect(meant(edge(line), 4, reason)).toBe(`: did you mean ${name}?`);
});

it('a table is told of its own line', () => {
  expect(meant(edge('', '*fliter'), 1, 'there is no table of this name')).toBe(': did you mean filter?');
});

it.each<[string, string, string, Family?]>([
  ['nothing is near', '-A edge -j NOPE', "Chain 'NOPE' does not exist"],
  ['the reason is about something else', '-A edge -p tcp --dport 99999 -j ACCETP', 'invalid port/service'],
  ['all names are known', '-A edge -j MASQUERADE', 'RULE_APPEND failed (Invalid argument)'],
  ['the option needs a match that is not named', '-A edge --dport 22', 'unknown option "--dport"'],
  ['only the other family has it', '-A edge -m ttk', "Couldn't load match `ttk':No such file", 'ipv6'],
  ['the chain is declared, if too late', '-A edge -j late', 'chain late is declared only on line 9'],
  ['kernels have it no more', '-A edge -j CLUSTERIPP', "Chain 'CLUSTERIPP' does not exist"],
])('nothing is told where %s', (_, line, reason, family) => {
  const text = line.includes('late') ? edge(`${line}\n:late - [0:0]`) : edge(line);
  expect(meant(text, 4, reason, family)).toBe('');
});
