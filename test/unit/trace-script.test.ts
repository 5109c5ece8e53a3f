import { describe, expect, it } from 'vitest';
import { JobFailure } from '../../src/job/outcome/job-failure.ts';
import { assertLinesAllowed } from '../../src/job/plan/guard.ts';
import type { Intent } from '../../src/job/plan/intent.ts';
import { readSavedTables } from '../../src/ruleset/saved/read-saved.ts';
import { perFamily } from '../../src/ruleset/tables.ts';
import { readScript } from '../../src/ruleset/trial/read-script.ts';
import { markLines } from '../../src/ruleset/trial/trace-script.ts';
import { lineAt, planTrial, renderTrial, type Trial } from '../../src/ruleset/trial/trial.ts';
import { readWanted } from '../../src/ruleset/wanted/wanted.ts';
import { finish } from '../../src/steps.ts';
import { table } from '../support/rulesets.ts';

function trialOf(...lines: string[]): Trial {
  const ipv4 = table('filter', ...lines);
  const wanted = readWanted({ scope: 'tables', ipv4 }).tables.ipv4.get('filter');
  if (wanted === undefined) throw new Error('no table');
  return planTrial({ family: 'ipv4', table: 'filter' }, wanted, undefined, []);
}

/** Reads commands after which iptables has saved these rules, once without marks and once, if it was so, with them. */
function read(trial: Trial, rules: string[], marked: string[] | null) {
  const saved = (lines: string[]) =>
    readSavedTables(
      table('filter', ':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ...lines),
    );
  const traced = marked === null ? null : (saved(marked).get('filter') ?? null);
  return finish(readScript(trial, trial.lines, saved(rules), traced));
}

describe('the commands of a table', () => {
  it('are marked with their lines where they make rules, and those that make nothing are left out', () => {
    const { lines } = trialOf(
      '-N x',
      '  -I x -s 192.0.2.1',
      '-R x 1 -j LOG',
      '-C x -j LOG',
      '-Z',
      '-D x -j LOG',
      '[5:6] -A x',
      ':INPUT DROP [0:0]',
      'COMMIT',
      '*filter',
      '"-A" INPUT',
    );
    expect(finish(markLines(lines, 'ipv4', 'counter')).map(({ text }) => text)).toEqual([
      '-N x',
      '-c 3 0   -I x -s 192.0.2.1',
      '-c 4 0 -R x 1 -j LOG',
      '-D x -j LOG',
      '-c 8 0  -A x',
      ':INPUT DROP [0:0]',
      'COMMIT\n*filter',
      '-c 12 0 "-A" INPUT',
    ]);
  });

  it('begin the table anew with each section, also with the last that has nothing in it', () => {
    const trial = trialOf('-A INPUT', 'COMMIT', '*filter', '# none', 'COMMIT', '*filter');
    const text = '*filter\n-A INPUT\nCOMMIT\n*filter\nCOMMIT\n*filter\nCOMMIT\n';
    expect(renderTrial(trial, trial.lines)).toBe(text);
    const sources = text.split('\n').map((_, index) => lineAt(trial, trial.lines, index + 1)?.source);
    expect(sources).toEqual([undefined, 2, undefined, 4, undefined, 7, undefined, undefined]);
  });

  it('give each rule its line', () => {
    const trial = trialOf('-N x', '-A INPUT -s 192.0.2.1', '-A INPUT', '-D INPUT -s 192.0.2.1', '-E x y');
    const result = read(trial, [':y - [0:0]', '-A INPUT'], [':y - [0:0]', '[4:0] -A INPUT']);
    if ('otherwise' in result) throw new Error(result.otherwise);
    expect(result.script.chains.get('INPUT')?.map(({ text, line }) => [text, line])).toEqual([
      ['-A INPUT', 4],
    ]);
    expect(result.script.declarations.get('y')).toBe(6);
  });
});

describe('the commands of a table, where nobody knows which of them made a rule', () => {
  it.each([
    '-A INPUT -p tcp ! --dport 0:65535 -j DROP',
    '-I INPUT ! -s 192.0.2.1',
    '-R INPUT 1 -p icmp --icmp-type 3/0:5',
    '-A INPUT -m limit --limit 5/s --limit 6/s',
  ])('are refused by a line of which a part may be lost: %s', (line) => {
    const trial = trialOf('-A INPUT -s 192.0.2.9', line, '-D INPUT -s 192.0.2.9');
    const rule = '-A INPUT -p tcp -j DROP';
    for (const marked of [
      null,
      [],
      ['[3:0] -A INPUT -j DROP'],
      [`[0:0] ${rule}`],
      [`[2:60] ${rule}`],
      [rule],
    ]) {
      expect(read(trial, [rule], marked)).toMatchObject({ line: { source: 3 } });
    }
  });

  it('are taken if none is such a line, and a policy that forbids a rule names no line', () => {
    const trial = trialOf('-A INPUT -m limit --limit 5/s', '-A INPUT', '-D INPUT ! -p tcp');
    const result = read(trial, ['-A INPUT -m limit --limit 5/sec'], null);
    if ('otherwise' in result) throw new Error(result.otherwise);
    const intent = {
      label: 'edge revision 1',
      texts: {},
      wanted: { ...perFamily(() => new Map()), ipv4: new Map([['filter', result.script]]) },
    } as unknown as Intent;
    const guardrails = { matches: ['tcp'], required: [], fault: null };
    try {
      assertLinesAllowed(
        intent,
        perFamily(() => new Map()),
        { guardrails },
      );
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof JobFailure)) throw error;
      expect(error.message).toContain('match limit is not let in on this host (table filter, chain INPUT; ');
      expect(error).toMatchObject({ code: 'policy_denied', lines: [] });
    }
  });
});
