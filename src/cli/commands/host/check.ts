import type { Command } from 'commander';
import type { JobCompleted } from '../../../contract/events/event.ts';
import type { RulesetFile } from '../../files/ruleset-file.ts';
import { withExamples } from '../../options/help.ts';
import { localCommand, localJob } from '../../options/local-command.ts';
import { describeCounts } from '../../show/describe-counts.ts';
import { tellTests } from '../../show/show-tests.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';

export function checkCommand(end: (status: ExitStatus) => void): Command {
  const show = ({ diff, ruleset, tests }: JobCompleted, { path }: RulesetFile) =>
    `${path}: ruleset ${ruleset?.name} can be applied: ${describeCounts(diff)}${tellTests({ tests })}`;
  return withExamples(localCommand({ name: 'check', work: localJob('check', show) }, end), [
    ['would this host take these rules? each line that it would not is shown', 'fleetwall check edge.rules'],
    ['rules from another program', 'iptables-save -t filter | fleetwall check - --name mine --scope tables'],
    ['for a script: one JSON object, and exit status 1 if it would not', 'fleetwall check edge.yaml --json'],
  ]);
}
