import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planTable } from '../../src/ruleset/plan/plan-table.ts';
import { arbitraryChange, foreignOf, ownedOf, questionOf } from '../support/arbitrary-changes.ts';
import { table } from '../support/rulesets.ts';
import { type SimulatedTable, simulateRestore } from '../support/simulate-restore.ts';

function simulated(text: string): SimulatedTable {
  const chains: SimulatedTable = new Map();
  for (const line of text.split('\n')) {
    const [, chain] = /^:(\S+)/.exec(line) ?? [];
    if (chain !== undefined) chains.set(chain, []);
    else if (line.startsWith('-A')) chains.get(line.split(' ')[1] ?? '')?.push(line);
  }
  return chains;
}

function saved(chains: SimulatedTable): string {
  const builtIn = new Set(['INPUT', 'FORWARD', 'OUTPUT']);
  const head = [...chains.keys()].map((chain) => `:${chain} ${builtIn.has(chain) ? 'ACCEPT' : '-'} [0:0]`);
  return table('filter', ...head, ...[...chains.values()].flat());
}

describe.each([
  ['edited', false],
  ['written anew', true],
])('a plan, with chains %s', (_, rewrite) => {
  it('makes the wanted table of any live one, and leaves foreign rules as they were', () => {
    fc.assert(
      fc.property(arbitraryChange, (change) => {
        const { change: first } = planTable({ ...questionOf(change, change.live), rewrite });
        const before = simulated(change.live);
        const after = first === null ? before : simulateRestore(before, first);
        const lines = saved(after).split('\n');
        expect(ownedOf(lines)).toEqual(ownedOf(change.wanted.split('\n')));
        expect(foreignOf(lines)).toEqual(foreignOf(change.live.split('\n')));
        const declared = change.wanted.match(/^:\S+/gm) ?? [];
        expect(lines.flatMap((line) => /^:own-\S+/.exec(line) ?? []).toSorted()).toEqual(declared.toSorted());
        expect(planTable(questionOf(change, saved(after))).change).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });
});
