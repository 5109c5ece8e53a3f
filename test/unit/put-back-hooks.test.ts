import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimsOf } from '../../src/ruleset/plan/claims.ts';
import { extractOwned } from '../../src/ruleset/plan/owned.ts';
import { planTable } from '../../src/ruleset/plan/plan-table.ts';
import { readSavedTables } from '../../src/ruleset/saved/read-saved.ts';
import { readSpelled } from '../../src/ruleset/wanted/read-spelled.ts';
import { table } from '../support/rulesets.ts';
import { simulateRestore } from '../support/simulate-restore.ts';

const HOOKS = ['-j own', '-p tcp -j own', '-p udp -j own'];
const OTHERS = ['-s 192.0.2.1/32 -j DROP', '-p tcp -j ACCEPT', '-p icmp -j ACCEPT', '-j other'];
const hooksOf = (chain: readonly string[]) => chain.filter((rule) => rule.endsWith('-j own'));
const othersOf = (chain: readonly string[]) => chain.filter((rule) => !rule.endsWith('-j own'));

function saved(chain: readonly string[]): string {
  const rules = chain.map((spec) => `-A INPUT ${spec}`);
  return table('filter', ':INPUT ACCEPT [0:0]', ':own - [0:0]', ':other - [0:0]', ...rules);
}

/** The chain INPUT after an undo that finds it so, and had it so before. */
function undone(before: readonly string[], now: readonly string[]): string[] {
  const wanted = readSpelled('chains', table('filter', ':own - [0:0]', '-A INPUT -j own'));
  const claims = claimsOf('chains', { ipv4: wanted, ipv6: new Map() });
  const ref = { family: 'ipv4', table: 'filter' } as const;
  const then = extractOwned({
    scope: 'chains',
    claims,
    family: 'ipv4',
    live: readSavedTables(saved(before)),
  });
  const question = {
    ...ref,
    name: 'edge',
    scope: 'chains',
    own: claims,
    neighbours: [],
    rewrite: true,
  } as const;
  const plan = (chain: readonly string[]) =>
    planTable({
      ...question,
      live: readSavedTables(saved(chain)).get('filter'),
      wanted: then.get('filter'),
    }).change;
  const change = plan(now);
  if (change === null) return [...now];
  const tables = new Map([
    ['INPUT', now.map((spec) => `-A INPUT ${spec}`)],
    ['own', []],
    ['other', []],
  ]);
  const after = (simulateRestore(tables, change).get('INPUT') ?? []).map((rule) =>
    rule.replace('-A INPUT ', ''),
  );
  expect(plan(after)).toBeNull();
  return after;
}

const hooks = fc.array(fc.constantFrom(...HOOKS), { maxLength: 3 });
const mixed = fc
  .tuple(fc.array(fc.constantFrom(...OTHERS), { maxLength: 5 }), hooks)
  .chain(([others, own]) =>
    fc.shuffledSubarray([...others, ...own], { minLength: others.length + own.length }),
  );

describe('an undo puts the hooks of a ruleset', () => {
  it.each([
    ['behind what was before it', ['-p tcp -j ACCEPT', '-j own'], ['-j own', '-p tcp -j ACCEPT']],
    ['before what was behind it', ['-j own', '-p tcp -j ACCEPT'], ['-p tcp -j ACCEPT', '-j own']],
    ['in their order', ['-j own', '-p tcp -j own'], ['-p tcp -j own', '-j own']],
    [
      'where the one of two was that is left',
      ['-p tcp -j ACCEPT', '-j own'],
      ['-j own', '-p tcp -j ACCEPT', '-j own'],
    ],
  ])('%s', (_, before, now) => expect(undone(before, now)).toEqual(before));

  it('between the same rules of others, who have written meanwhile', () => {
    const before = ['-s 192.0.2.1/32 -j DROP', '-j own', '-p icmp -j ACCEPT'];
    const now = ['-j own', '-j other', '-s 192.0.2.1/32 -j DROP', '-p icmp -j ACCEPT', '-p tcp -j ACCEPT'];
    expect(undone(before, now)).toEqual([
      '-j other',
      '-s 192.0.2.1/32 -j DROP',
      '-j own',
      '-p icmp -j ACCEPT',
      '-p tcp -j ACCEPT',
    ]);
  });

  it('leaves them where they are, if only others have written', () => {
    const now = ['-j other', '-j own', '-p icmp -j ACCEPT', '-p tcp -j ACCEPT'];
    expect(undone(['-j own', '-p icmp -j ACCEPT'], now)).toEqual(now);
  });

  it('where they stood, wherever they stand now', () => {
    const moved = mixed.chain((before) =>
      fc.tuple(
        fc.constant(before),
        hooks.chain((own) => interleaved(othersOf(before), own)),
      ),
    );
    fc.assert(
      fc.property(moved, ([before, now]) => {
        expect(undone(before, now)).toEqual(before);
      }),
      { numRuns: 1000 },
    );
  });

  it('so that nothing of others moves, whatever they have written', () => {
    fc.assert(
      fc.property(mixed, mixed, (before, now) => {
        const after = undone(before, now);
        expect(hooksOf(after)).toEqual(hooksOf(before));
        expect(othersOf(after)).toEqual(othersOf(now));
      }),
      { numRuns: 1000 },
    );
  });
});

/** Any list that has both lists in their order. */
function interleaved(one: readonly string[], other: readonly string[]): fc.Arbitrary<string[]> {
  return fc.array(fc.nat(one.length), { minLength: other.length, maxLength: other.length }).map((places) => {
    const sorted = places.toSorted((a, b) => a - b);
    return Array.from({ length: one.length + 1 }, (_, place) => [
      ...other.filter((__, index) => sorted[index] === place),
      ...one.slice(place, place + 1),
    ]).flat();
  });
}
