import type { Command } from 'commander';
import type { JobCompleted } from '../../contract/event.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';
import { localCommand, localJob } from '../options/local-command.ts';
import { describeCounts } from '../show/describe-counts.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';

export function checkCommand(end: (status: ExitStatus) => void): Command {
  const show = ({ diff, ruleset }: JobCompleted, { path }: RulesetFile) =>
    `${path}: ruleset ${ruleset?.name} can be applied: ${describeCounts(diff)}`;
  return localCommand({ name: 'check', work: localJob('check', show) }, end);
}
