import { Command } from 'commander';
import { readRulesetFile } from '../../files/ruleset-file.ts';
import { withFleetOptions, withSelectionOptions, withTimeout } from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import {
  nextRevisionOption,
  type RulesetFlags,
  rulesetToSend,
  withRulesetOptions,
} from '../../options/ruleset-options.ts';
import { type SelectingFlags, selectingCommand } from '../../options/selecting-command.ts';
import { showDifferences } from '../../show/show-differences.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';

type Flags = SelectingFlags & RulesetFlags<number | 'next'>;

/** What a ruleset would change on hosts of the fleet. */
export function diffCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('diff');
  withRulesetOptions(withTimeout(withFleetOptions(command)), nextRevisionOption());
  withSelectionOptions(command);
  command.action(async (path: string, flags: Flags, self: Command) => end(await diff(path, flags, self)));
  return withExamples(command, [
    [
      'which rules would come (+) and go (-), hosts with the same difference together',
      'fleetwall diff edge.yaml --all',
    ],
    ['on one host, for a program', 'fleetwall diff edge.yaml --host web-1 --json'],
  ]);
}

async function diff(path: string, flags: Flags, self: Command): Promise<ExitStatus> {
  const file = await readRulesetFile(path, flags);
  return await selectingCommand(null, flags, self, async ({ client, selection, report, options }) => {
    const answers = await client.check(rulesetToSend(file.ruleset, flags), selection, options);
    return report.end(answers, file, showDifferences);
  });
}
