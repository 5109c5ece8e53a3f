import { expect, it } from 'vitest';
import type { HostState } from '../../src/central/log/fleet-state.ts';
import { sayUnknown } from '../../src/cli/show/say-unknown.ts';

const FLEET = new Map(
  ['db-1', 'web-1'].map((hostId) => [
    hostId,
    {
      groups: [hostId.slice(0, -2)],
      rulesets: [{ name: 'edge' }],
      removed: [{ name: 'guests' }],
    } as unknown as HostState,
  ]),
);

it('a name that nobody of the fleet has is told, with the nearest one', () => {
  const named = {
    hosts: ['web-9', 'db-1'],
    groups: ['webb', 'db'],
    rulesets: ['egde', 'edge', 'guest', 'other'],
  };
  expect(sayUnknown(named, FLEET)).toEqual([
    'no host web-9 has been heard of: did you mean web-1?',
    'no host of group webb has been heard of: did you mean web?',
    'no host has ruleset egde: did you mean edge?',
    'no host has ruleset guest: did you mean guests?',
    'no host has ruleset other',
  ]);
  // What was taken away was there.
  expect(sayUnknown({ hosts: ['web-1'], rulesets: ['guests'] }, FLEET)).toEqual([]);
});
