import type { Command } from 'commander';
import type { JobCompleted } from '../../../contract/events/event.ts';
import type { RulesetFile } from '../../files/ruleset-file.ts';
import { withExamples } from '../../options/help.ts';
import { localCommand, localJob } from '../../options/local-command.ts';
import { tellTests } from '../../show/show-tests.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';

export function testCommand(end: (status: ExitStatus) => void): Command {
  const show = (result: JobCompleted, { path }: RulesetFile) =>
    `${path}: ruleset ${result.ruleset?.name}${result.tests === undefined ? ' has no tests' : tellTests(result)}`;
  return withExamples(localCommand({ name: 'test', work: localJob('check', show) }, end), [
    [
      'send the packets of its tests to these rules, as they would be on this host; nothing goes live',
      'fleetwall test edge.yaml',
    ],
    ['for a script: one JSON object, and exit status 1 if one fails', 'fleetwall test edge.yaml --json'],
  ]);
}
