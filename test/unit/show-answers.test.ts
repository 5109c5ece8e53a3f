import { expect, it } from 'vitest';
import type { HostAnswer } from '../../src/central/ask/options.ts';
import type { RulesetFile } from '../../src/cli/files/ruleset-file.ts';
import { showAnswers } from '../../src/cli/show/show-answers.ts';

const LINE = {
  family: 'ipv4',
  line: 3,
  table: 'filter',
  chain: 'edge',
  text: '-A edge -j NOPE',
  reason: "Chain 'NOPE' does not exist",
  reportedLine: 3,
  confidence: 'verified',
  context: [],
};
const FAILURE = {
  code: 'rule_rejected',
  stage: 'rehearse',
  retryable: false,
  message: '1 rule of ruleset edge revision 2 was rejected',
  lines: [LINE],
};
const ANSWER = {
  end: 'failed',
  result: { ruleset: null, diff: null, failure: FAILURE },
} as unknown as HostAnswer;
const FILE = {
  path: 'edge.yaml',
  form: 'mapping',
  ruleset: { name: 'edge' },
  placeOf: (_: unknown, line: number) => ({ line: line + 4, isExact: true }),
  tests: new Map(),
} as unknown as RulesetFile;

it('what is wrong with a file begins with the file and the line', () => {
  const lines = showAnswers(new Map([['web-1', ANSWER]]), FILE);
  expect(lines.join('\n')).toMatch(/^edge\.yaml:7: Chain 'NOPE' does not exist/m);
  // Where there is no file, it belongs to the host above it.
  const others = showAnswers(new Map([['web-1', ANSWER]]), null);
  expect(others.join('\n')).toMatch(/^ {4}ipv4 line 3: -A edge -j NOPE/m);
});
