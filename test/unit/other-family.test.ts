import { expect, it } from 'vitest';
import { mayMakeOtherFamily } from '../../src/ruleset/trial/other-family.ts';

const asks = (text: string) => mayMakeOtherFamily([{ kind: 'rule', text }]);

it.each(['-6', '--ipv6', '--ipv4', '-n6', '-"6"', '"-6"', '-"6', '-4'])(
  'a rule with %s may be one of the other family',
  (option) => {
    expect(asks(`-A edge ${option} -j DROP`)).toBe(true);
    expect(asks(`-A edge -j DROP\t${option}`)).toBe(true);
  },
);

it.each([
  '-A web-tier-4 -s 10.4.0.6/32 -p tcp -m tcp --dport 443 -j ACCEPT',
  '-A edge -s 2001:db8::46/128 -m comment --comment "ticket 4-6" -j DROP',
  '-A edge -m iprange --src-range 10.0.0.4-10.0.0.6 -m set --match-set fw4.blocked src -j net-46',
])('no other rule is: %s', (text) => expect(asks(text)).toBe(false));

it('a command may make rules of any', () => {
  expect(mayMakeOtherFamily([{ kind: 'command', text: '-F edge' }])).toBe(true);
});
