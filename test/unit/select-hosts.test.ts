import { describe, expect, it } from 'vitest';
import type { HostSelection } from '../../src/central/ask/options.ts';
import { hostsOf } from '../../src/central/ask/select.ts';
import { NobodyKnown } from '../../src/central/messages/errors.ts';

const FLEET = new Map(
  ['db-1', 'web-1', 'web-2'].map((hostId) => [
    hostId,
    { hostId, groups: [hostId.slice(0, -2)], presence: 'online' },
  ]),
);

async function select(whom: HostSelection, hosts: ReadonlyMap<string, unknown> = FLEET): Promise<string[]> {
  return await hostsOf({ fleet: async () => ({ hosts }) } as never, whom);
}

describe('a host that is left out', () => {
  it.each<[string, HostSelection, string[]]>([
    ['is one of all', { all: true, exclude: ['web-2'] }, ['db-1', 'web-1']],
    ['is known, but not asked', { groups: ['web'], exclude: ['db-1', 'web-1'] }, ['web-2']],
    ['may be unknown', { all: true, exclude: ['gone-1'], excludeUnknown: true }, ['db-1', 'web-1', 'web-2']],
    ['is named beside it, and new', { hosts: ['web-1', 'web-9'], exclude: ['web-9'] }, ['web-1']],
  ])('is taken where it %s', async (_, whom, hosts) => {
    expect(await select(whom)).toEqual(hosts);
  });

  it.each<[string, HostSelection]>([
    ['all', { all: true, exclude: ['web-1', 'wbe-2'] }],
    ['a group', { groups: ['web'], exclude: ['wbe-2'] }],
    ['hosts by their ids', { hosts: ['web-1', 'web-2'], exclude: ['wbe-2'] }],
  ])('and of which nobody has heard is an error that names the nearest: of %s', async (_, whom) => {
    const answer = select(whom);
    await expect(answer).rejects.toBeInstanceOf(NobodyKnown);
    await expect(answer).rejects.toThrow(
      'host wbe-2, which is to be left out: no host of that name has been heard of: did you mean web-2?',
    );
  });

  it('is an error of nobody, too, in a fleet that is empty', async () => {
    await expect(select({ hosts: ['web-1'], exclude: ['web-2'] }, new Map())).rejects.toBeInstanceOf(
      NobodyKnown,
    );
  });
});
