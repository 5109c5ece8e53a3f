import fc from 'fast-check';
import { type Claims, claimsOf } from '../../src/ruleset/plan/claims.ts';
import type { PlanQuestion } from '../../src/ruleset/plan/plan-table.ts';
import { readSavedTables } from '../../src/ruleset/saved/read-saved.ts';
import { readWanted } from '../../src/ruleset/wanted/wanted.ts';
import { table } from './rulesets.ts';

/** One ruleset in one table of a host on which others have rules too. */
export interface ArbitraryChange {
  /** In the kernel's spelling: foreign chains and rules, and what is left of an earlier revision. */
  live: string;
  before: string;
  wanted: string;
}

const OWN = ['own-a', 'own-b', 'own-c'];
const FOREIGN = ['THEIRS', 'their-b'];
const HOOKED = ['INPUT', 'FORWARD', 'THEIRS'];

const address = fc.integer({ min: 1, max: 12 }).map((last) => `-s 10.0.0.${last}/32`);
const verdict = fc.constantFrom('-j ACCEPT', '-j DROP', '-j RETURN');
const plainRule = fc.tuple(address, verdict).map((parts) => parts.join(' '));

/** A chain jumps only to chains that come after it, so that there is no loop. */
const ownRules = (chains: readonly string[]) =>
  fc.tuple(
    ...chains.map((chain, index) => {
      const jumps = chains.slice(index + 1).map((other) => `-j ${other}`);
      const rule =
        jumps.length === 0
          ? plainRule
          : fc.oneof(
              { weight: 5, arbitrary: plainRule },
              { weight: 1, arbitrary: fc.constantFrom(...jumps) },
            );
      return fc.array(rule, { maxLength: 30 }).map((specs) => specs.map((spec) => `-A ${chain} ${spec}`));
    }),
  );

const ruleset = fc.subarray(OWN).chain((chains) => {
  const hook =
    chains.length === 0
      ? fc.constant([] as string[])
      : fc.array(
          fc
            .tuple(
              fc.constantFrom('-A', '-I'),
              fc.constantFrom(...HOOKED),
              address,
              fc.constantFrom(...chains),
            )
            .map(([command, chain, from, target]) => `${command} ${chain} ${from} -j ${target}`),
          { maxLength: 4 },
        );
  return fc
    .tuple(ownRules(chains), hook)
    .map(([rules, hooks]) => ({ chains, lines: [...new Set(hooks), ...rules.flat()] }));
});

const foreignRules = fc.array(
  fc
    .tuple(fc.constantFrom('INPUT', 'FORWARD', 'OUTPUT', ...FOREIGN), plainRule)
    .map(([chain, spec]) => `-A ${chain} ${spec}`),
  { maxLength: 20 },
);

const text = ({ chains, lines }: { chains: string[]; lines: string[] }) =>
  table('filter', ...chains.map((chain) => `:${chain} - [0:0]`), ...lines);

/** The live rules are those of the earlier revision, mixed with foreign rules, and with up to three rules lost. */
export const arbitraryChange: fc.Arbitrary<ArbitraryChange> = fc
  .tuple(ruleset, ruleset, foreignRules, fc.array(fc.nat(), { maxLength: 3 }), fc.boolean())
  .map(([before, wanted, foreign, damage, sameAgain]) => {
    const lines = [...before.lines.map((line) => line.replace(/^-I/, '-A')), ...foreign];
    for (const at of damage) {
      if (lines.length > 0) lines.splice(at % lines.length, 1);
    }
    const head = ['INPUT', 'FORWARD', 'OUTPUT'].map((chain) => `:${chain} ACCEPT [0:0]`);
    const chains = [...FOREIGN, ...before.chains].map((chain) => `:${chain} - [0:0]`);
    // Mixes foreign rules and hooks, in an order that is always the same for the same rules.
    const mixed = lines.toSorted(
      (a, b) =>
        ((a.length * 7 + a.charCodeAt(a.length - 4)) % 11) -
        ((b.length * 7 + b.charCodeAt(b.length - 4)) % 11),
    );
    return {
      live: table('filter', ...head, ...chains, ...mixed),
      before: text(before),
      wanted: text(sameAgain ? before : wanted),
    };
  });

const tablesOf = (ipv4: string) => readWanted({ scope: 'chains', ipv4 }).tables;

/** The question to a planner that makes the change, with the given live table. */
export function questionOf(
  { before, wanted }: ArbitraryChange,
  live: string,
): PlanQuestion & { own: Claims } {
  return {
    name: 'mine',
    scope: 'chains',
    family: 'ipv4',
    table: 'filter',
    live: readSavedTables(live).get('filter'),
    wanted: tablesOf(wanted).ipv4.get('filter'),
    own: claimsOf('chains', tablesOf(before)),
    neighbours: [],
  };
}

/** The foreign rules, by chain, in order. */
export function foreignOf(lines: readonly string[]): string[] {
  return lines
    .filter((line) => line.startsWith('-A ') && !line.startsWith('-A own-') && !/-j own-/.test(line))
    .toSorted((a, b) => (a.split(' ')[1] ?? '').localeCompare(b.split(' ')[1] ?? ''));
}

/** The rules in the ruleset's own chains, in order, and its hooks, sorted. */
export function ownedOf(lines: readonly string[]): { rules: string[]; hooks: string[] } {
  const own = lines.filter((line) => line.startsWith('-A own-'));
  const hooks = lines.filter((line) => /^-[AI] (?!own-).* -j own-/.test(line));
  return {
    rules: own.toSorted((a, b) => (a.split(' ')[1] ?? '').localeCompare(b.split(' ')[1] ?? '')),
    hooks: hooks.map((line) => line.replace(/^-I/, '-A')).toSorted(),
  };
}
