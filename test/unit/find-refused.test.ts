import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RestoreFault } from '../../src/job/ports/restore-fault.ts';
import { findRefused } from '../../src/job/rehearse/find-refused.ts';
import type { Attempt, Verdict } from '../../src/job/rehearse/verdict.ts';
import type { TrialLine } from '../../src/ruleset/trial/trial.ts';

const CHAINS = ['a', 'b', 'c', 'd'];
const FAULT: RestoreFault = {
  kind: 'rule',
  message: 'refused',
  lines: [],
  command: 'iptables-restore',
  exitCode: 1,
  stderr: '',
};

/** What a rule is to the simulated kernel: good, bad by itself, bad if INPUT reaches it, the end of what is reached, or a jump. */
type Sketch = { chain: string } & ({ is: 'good' | 'bad' | 'bad-from-input' | 'end' } | { to: string });
/** Which of the failing lines iptables names: all, one, none, or wrong ones. */
type Hints = 'all' | 'one' | 'none' | 'wrong';

function lineOf(sketch: Sketch, index: number): TrialLine {
  const target = 'to' in sketch ? sketch.to : sketch.is === 'end' ? 'RETURN' : null;
  const spec =
    target === null && 'is' in sketch ? `-m comment --comment "${sketch.is} ${index}"` : `-j ${target}`;
  const text = `-A ${sketch.chain} ${spec}`;
  const jump = target === null ? null : { target, isGoto: false };
  const rule = { chain: sketch.chain, spec, text, jump, insert: false, counters: null, line: index + 10 };
  return { kind: jump === null ? 'rule' : 'jump', rules: [rule], text, source: rule.line };
}

/** Simulates a legacy kernel with four chains. @returns the lines for which it refuses a text; none if it takes the text */
function refusedBy(lines: readonly TrialLine[], sketches: ReadonlyMap<TrialLine, Sketch>): TrialLine[] {
  const jumps = new Map<string, string[]>();
  const taken = lines.flatMap((line) => {
    const sketch = sketches.get(line);
    return sketch === undefined ? [] : [{ line, sketch }];
  });
  const ended = new Set<string>();
  const behind = new Set<Sketch>();
  for (const { sketch } of taken) {
    if (ended.has(sketch.chain)) behind.add(sketch);
    else if ('is' in sketch && sketch.is === 'end') ended.add(sketch.chain);
    else if ('to' in sketch) jumps.set(sketch.chain, [...(jumps.get(sketch.chain) ?? []), sketch.to]);
  }
  const reach = (from: string) => {
    const seen = new Set(jumps.get(from));
    for (const chain of seen) for (const next of jumps.get(chain) ?? []) seen.add(next);
    return seen;
  };
  const fromInput = reach('INPUT');
  const loops = CHAINS.some((chain) => reach(chain).has(chain));
  const bad = taken.filter(
    ({ sketch }) =>
      'is' in sketch &&
      (sketch.is === 'bad' ||
        (sketch.is === 'bad-from-input' &&
          !behind.has(sketch) &&
          (sketch.chain === 'INPUT' || fromInput.has(sketch.chain)))),
  );
  return loops ? lines.slice(-1) : bad.map(({ line }) => line);
}

/** By definition, a line fails if the text up to it is refused without the failing lines before it: tries every prefix. */
function byDefinition(
  lines: readonly TrialLine[],
  refuses: (some: readonly TrialLine[]) => boolean,
): TrialLine[] {
  const found: TrialLine[] = [];
  for (let end = 1; end <= lines.length; end += 1) {
    const line = lines[end - 1];
    if (line === undefined) break;
    if (refuses(lines.slice(0, end).filter((other) => !found.includes(other)))) found.push(line);
  }
  return found;
}

const sketch: fc.Arbitrary<Sketch> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ chain: fc.constantFrom(...CHAINS, 'INPUT'), is: fc.constant('good' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      chain: fc.constantFrom(...CHAINS, 'INPUT'),
      is: fc.constantFrom('bad' as const, 'bad-from-input' as const, 'end' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ chain: fc.constantFrom(...CHAINS, 'INPUT'), to: fc.constantFrom(...CHAINS) }),
  },
);
const hints: fc.Arbitrary<Hints> = fc.constantFrom('all', 'one', 'none', 'wrong');

describe('the search for failing lines', () => {
  it('finds the failing lines by their definition, however little iptables tells', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sketch, { maxLength: 40 }), hints, async (rules, hint) => {
        const sketches = new Map(rules.map((rule, index) => [lineOf(rule, index), rule]));
        const chains: TrialLine[] = CHAINS.map((chain, index) => ({
          kind: 'chain',
          chain,
          text: `:${chain} - [0:0]`,
          source: index + 2,
        }));
        const lines = [...chains, ...sketches.keys()];
        const attempt: Attempt = async (some) => {
          const refused = refusedBy(some, sketches);
          if (refused.length === 0) return null;
          const named = {
            all: refused,
            one: refused.slice(0, 1),
            none: [],
            wrong: some.filter((line) => line.kind !== 'chain').slice(-2),
          }[hint];
          return { fault: FAULT, named: named.map((line) => ({ line, reason: '' })) } satisfies Verdict;
        };
        const first = await attempt(lines);
        const found = first === null ? [] : (await findRefused(lines, first, attempt)).refusals;
        const expected = byDefinition(lines, (some) => refusedBy(some, sketches).length > 0);
        expect(found.map(({ line }) => line.text)).toEqual(expected.map((line) => line.text));
      }),
      { numRuns: 1000 },
    );
  });

  it('takes three attempts if iptables names the line, and at most 20 if it does not', async () => {
    const rules = Array.from(
      { length: 4096 },
      (_, index): Sketch => ({ chain: 'a', is: index === 3000 ? 'bad' : 'good' }),
    );
    const sketches = new Map(rules.map((rule, index) => [lineOf(rule, index), rule]));
    const lines = [...sketches.keys()];
    const tried: Record<string, { attempts: number; lines: number }> = {};
    for (const hint of ['named', 'not named']) {
      const count = { attempts: 0, lines: 0 };
      const attempt: Attempt = async (some) => {
        count.attempts += 1;
        count.lines += some.length;
        const refused = refusedBy(some, sketches);
        const named = hint === 'named' ? refused.map((line) => ({ line, reason: '' })) : [];
        return refused.length === 0 ? null : { fault: FAULT, named };
      };
      const first = await attempt(lines);
      if (first === null) throw new Error('one of them is bad');
      expect(await findRefused(lines, first, attempt)).toMatchObject({ refusals: [{}], isAll: true });
      tried[hint] = count;
    }
    // The attempts: the whole text, the text without the bad line, that line alone. Halving costs about one more whole text.
    expect(tried['named']).toEqual({ attempts: 3, lines: 4096 + 4095 + 1 });
    expect(tried['not named']?.attempts).toBeLessThanOrEqual(20);
    expect(tried['not named']?.lines).toBeLessThanOrEqual(3.01 * 4096);
  });

  it('blames no line if even an empty table is refused, or if the text is taken when it is tried again', async () => {
    const line = lineOf({ chain: 'a', is: 'good' }, 0);
    const verdict = { fault: FAULT, named: [{ line, reason: '' }] };
    expect((await findRefused([line], verdict, async () => null)).refusals).toEqual([]);
    const found = await findRefused([line], { ...verdict, named: [] }, async () => verdict);
    expect(found).toEqual({ refusals: [], isAll: false });
  });
});
