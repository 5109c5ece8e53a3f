import { describe, expect, it } from 'vitest';
import { acceptanceOf, rulesOf } from '../../src/ruleset/trial/acceptance.ts';
import { knownSpellings } from '../../src/ruleset/trial/known-spellings.ts';
import { planTrial } from '../../src/ruleset/trial/trial.ts';
import { readWanted } from '../../src/ruleset/wanted/wanted.ts';
import { finish } from '../../src/steps.ts';
import { table } from '../support/rulesets.ts';

const JUMPS = ['INPUT -j x', 'x -p tcp -j y'];
const OWNER = '-m owner --uid-owner 0 -j DROP';

function wantedOf(rules: readonly string[]) {
  const ipv4 = table('mangle', ':x - [0:0]', ':y - [0:0]', '-A INPUT -j x', ...rules);
  const { tables, problems } = readWanted({ scope: 'chains', ipv4 });
  const wanted = tables.ipv4.get('mangle');
  if (wanted === undefined) throw new Error(problems[0]?.reason);
  return wanted;
}

/** Which rules are tried after others were taken. */
function triedOf(before: readonly string[], rules: readonly string[]): string[] {
  const taken = wantedOf(before);
  const known = acceptanceOf(
    taken,
    rulesOf(taken).map(({ text }) => text),
  );
  const wanted = wantedOf(rules);
  const spellings = finish(knownSpellings(known, wanted));
  return planTrial({ family: 'ipv4', table: 'mangle' }, wanted, undefined, spellings)
    .lines.filter(({ kind }) => kind === 'jump' || kind === 'rule')
    .map(({ text }) => text.replace('-A ', ''));
}

describe('of a table, besides its jumps', () => {
  it('nothing is tried that was taken in its place', () => {
    const rules = [`-A x ${OWNER}`, '-A x -p tcp -j y', '-A x -j RETURN'];
    expect(triedOf(rules, rules)).toEqual(JUMPS);
    expect(triedOf(rules, [...rules, '-A y -j DROP'])).toEqual([...JUMPS, 'y -j DROP']);
  });

  it('a verdict is tried that has others behind it', () => {
    const rules = ['-A x -j RETURN', `-A x ${OWNER}`];
    expect(triedOf(rules, rules)).toEqual(['INPUT -j x', 'x -j RETURN']);
  });

  it('a rule is tried that was behind a verdict and is so no longer, and what it jumps to', () => {
    const behind = ['-A x -j RETURN', `-A x ${OWNER}`, '-A x -j y', `-A y ${OWNER}`];
    const first = [`x ${OWNER}`, 'x -j y', `y ${OWNER}`];
    expect(triedOf(behind, behind.slice(1))).toEqual(['INPUT -j x', ...first]);
    expect(triedOf(behind, [...behind.slice(1), '-A x -j RETURN'])).toEqual(['INPUT -j x', ...first]);
    expect(triedOf(behind, ['-A x -p tcp -j RETURN', ...behind.slice(1)])).toEqual([
      'INPUT -j x',
      'x -p tcp -j RETURN',
      ...first,
    ]);
  });

  it('a rule is tried that comes behind a verdict, unless one like it was taken there', () => {
    const before = [`-A x ${OWNER}`, '-A x -j RETURN'];
    expect(triedOf(before, before.toReversed())).toEqual(['INPUT -j x', 'x -j RETURN', `x ${OWNER}`]);
    const behind = ['-A x -j RETURN', `-A x ${OWNER}`, '-A x -p tcp -j DROP'];
    expect(triedOf(behind, ['-A x -j RETURN', '-A x -p tcp -j DROP', `-A x ${OWNER}`])).toEqual([
      'INPUT -j x',
      'x -j RETURN',
    ]);
  });
});
