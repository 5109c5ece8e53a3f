import { describe, expect, it } from 'vitest';
import { MAX_JOB_BYTES, MAX_RULE_LINES } from '../../src/contract/jobs/job.ts';
import { inTurns } from '../../src/job/time/in-turns.ts';
import { NO_CLAIMS } from '../../src/ruleset/plan/claims.ts';
import { planSteps } from '../../src/ruleset/plan/plan-table.ts';
import { readSavedSteps, readSavedTables } from '../../src/ruleset/saved/read-saved.ts';
import { acceptanceOf, rulesOf } from '../../src/ruleset/trial/acceptance.ts';
import { knownSpellings } from '../../src/ruleset/trial/known-spellings.ts';
import { readScript } from '../../src/ruleset/trial/read-script.ts';
import { readTrial } from '../../src/ruleset/trial/read-trial.ts';
import { markLines } from '../../src/ruleset/trial/trace-script.ts';
import { planTrial } from '../../src/ruleset/trial/trial.ts';
import { readWantedSteps } from '../../src/ruleset/wanted/wanted.ts';
import type { WantedTable } from '../../src/ruleset/wanted/wanted-table.ts';
import { LINES_A_STEP, type Steps } from '../../src/steps.ts';

const many = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i));
/** Not as arguments: there may not be so many. */
const table = (...lines: (string | string[])[]) => ['*filter', ...lines.flat(), 'COMMIT', ''].join('\n');
/** Such lines take ten times as long as others, and a tenth of them shows the same. */
const TENTH = MAX_RULE_LINES / 10;
const HALF = MAX_RULE_LINES / 2 - 4;

/** Texts of the most lines, or the most bytes, that a job may have. */
const LARGEST = {
  'plain rules': table(
    ':a - [0:0]',
    many(MAX_RULE_LINES - 4, (i) => `-A a -m mark --mark ${i} -j DROP`),
  ),
  'odd rules': table(
    ':a - [0:0]',
    many(TENTH, (i) => `-A a -j LOG --log-uid -m mark --mark ${i}`),
  ),
  'lines that are all wrong': table(many(TENTH, () => '-A b -h')),
  'chains that each jump to the next': table(
    many(HALF, (i) => `:c${i} - [0:0]`),
    many(HALF - 1, (i) => `-A c${i} -j c${i + 1}`),
  ),
  'one comment': table(':a - [0:0]', `-A a -m comment --comment ${'x'.repeat(MAX_JOB_BYTES - 1_000)}`),
};

/** As they are saved: no two of them are the same. */
const markedRules = (first: number) =>
  table(
    ':a - [0:0]',
    many(TENTH, (i) => `-A a -m mark --mark 0x${(first + i).toString(16)} -j DROP`),
  );

function rulesWith(scope: 'chains' | 'tables', first: number): WantedTable {
  const { value } = countSteps(readWantedSteps({ scope, ipv4: markedRules(first) }));
  const filter = value.tables.ipv4.get('filter');
  if (filter === undefined) throw new Error('the table was not read');
  return filter;
}

/** The same rules, made by commands. */
const SCRIPT = markedRules(0).replace(':a - [0:0]', '-N a');
/** The line at which they begin. */
const FIRST_RULE = 3;

/** How often the work could be interrupted, and what came of it. */
function countSteps<T>(steps: Steps<T>): { steps: number; value: T } {
  for (let made = 0; ; made += 1) {
    const { done, value } = steps.next();
    if (done === true) return { steps: made, value };
  }
}

describe('the largest message', () => {
  it.each(Object.entries(LARGEST))('is read in pieces: %s', { timeout: 120_000 }, (_, ipv4) => {
    const lines = ipv4.split('\n').length;
    const { steps, value } = countSteps(readWantedSteps({ scope: 'chains', ipv4 }));
    expect(steps).toBeGreaterThanOrEqual(Math.floor(lines / LINES_A_STEP));
    expect(value.problems.length).toBeLessThanOrEqual(lines);
  });

  it('is saved by the kernel, and that is read in pieces, too', { timeout: 60_000 }, () => {
    const saved = LARGEST['odd rules'];
    const { steps, value } = countSteps(readSavedSteps(saved));
    expect(value.get('filter')?.rules).toHaveLength(TENTH);
    expect(steps).toBe(TENTH / LINES_A_STEP);
  });

  it.each(['chains', 'tables'] as const)(
    'is planned in pieces where every rule differs: scope %s',
    (scope) => {
      const before = rulesWith(scope, 0);
      const question = { name: 'edge', scope, family: 'ipv4', table: 'filter', own: NO_CLAIMS } as const;
      const live = readSavedTables(markedRules(0)).get('filter');
      const { steps, value } = countSteps(
        planSteps({ ...question, live, wanted: rulesWith(scope, TENTH), neighbours: [] }),
      );
      expect(rulesOf(before)).toHaveLength(TENTH);
      expect(value.diff).toMatchObject({ unchanged: 0 });
      expect(value.diff.added).toHaveLength(TENTH);
      // The two texts are held against each other from both sides, and then the rules are written.
      expect(steps).toBeGreaterThanOrEqual((5 * TENTH) / LINES_A_STEP);
    },
  );

  it('is held against what is known, and against what the kernel made of it, in pieces', () => {
    const wanted = rulesWith('chains', TENTH);
    const before = rulesWith('chains', 0);
    const known = acceptanceOf(
      before,
      rulesOf(before).map(({ text }) => text),
    );
    const spellings = countSteps(knownSpellings(known, wanted));
    expect(spellings.value).toEqual(Array.from({ length: TENTH }, () => undefined));
    expect(spellings.steps).toBeGreaterThanOrEqual((2 * TENTH) / LINES_A_STEP);
    const trial = planTrial({ family: 'ipv4', table: 'filter' }, wanted, undefined, spellings.value);
    const made = readSavedTables(markedRules(TENTH));
    const { steps, value } = countSteps(readTrial(trial, trial.lines, made));
    expect('spelled' in value ? value.spelled.size : value).toBe(TENTH);
    expect(steps).toBeGreaterThanOrEqual((2 * TENTH) / LINES_A_STEP);
  });

  it('is traced, in a table of commands, in pieces', () => {
    const { tables } = countSteps(readWantedSteps({ scope: 'tables', ipv4: SCRIPT })).value;
    const wanted = tables.ipv4.get('filter');
    if (wanted === undefined) throw new Error('the table was not read');
    const trial = planTrial({ family: 'ipv4', table: 'filter' }, wanted, undefined, []);
    const marked = countSteps(markLines(trial.lines, 'ipv4', 'counter'));
    expect(marked.value.filter(({ text }) => text.startsWith('-c '))).toHaveLength(TENTH);
    expect(marked.steps).toBeGreaterThanOrEqual(TENTH / LINES_A_STEP);
    const saved = markedRules(0);
    let number = FIRST_RULE;
    const traced = saved.replaceAll('-A a', () => `[${number++}:0] -A a`);
    const made = readSavedTables(traced).get('filter') ?? null;
    const { steps, value } = countSteps(readScript(trial, trial.lines, readSavedTables(saved), made));
    const rules = 'script' in value ? value.script.chains.get('a') : undefined;
    expect(rules?.map(({ line }) => line)).toEqual(Array.from({ length: TENTH }, (_, i) => i + FIRST_RULE));
    // The rules are held against their marks and their lines, and the lines are searched for names.
    expect(steps).toBeGreaterThanOrEqual((3 * TENTH) / LINES_A_STEP);
  });

  it('lets timers run while it is read', { timeout: 60_000 }, async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    await inTurns(readWantedSteps({ scope: 'chains', ipv4: LARGEST['plain rules'] }));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(1);
  });

  it('of lines that make hundreds of rules has no copies of these lines', () => {
    const addresses = many(600, (i) => `10.0.${i >> 8}.${i & 255}`).join(',');
    const ipv4 = table(
      ':a - [0:0]',
      many(300, (i) => `-A a -s ${addresses} -m mark --mark ${i} -j DROP`),
    );
    const { value } = countSteps(readWantedSteps({ scope: 'chains', ipv4 }));
    const filter = value.tables.ipv4.get('filter');
    const rules = filter === undefined ? [] : rulesOf(filter);
    expect(rules).toHaveLength(300 * 600);
    expect(new Set(rules.map(({ text }) => text)).size).toBe(rules.length);
    const bytes = rules.reduce((sum, { text }) => sum + text.length, 0);
    expect(bytes).toBeLessThan(rules.length * 100 + ipv4.length);
  });
});
