import type { Command } from 'commander';
import { withExamples } from '../../options/help.ts';
import { localCommand, localJob } from '../../options/local-command.ts';
import { showDiff } from '../../show/show-diff.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';

export function planCommand(end: (status: ExitStatus) => void): Command {
  const command = localCommand(
    {
      name: 'plan',
      work: localJob('check', ({ diff }, file) => showDiff(diff, file), { tellsReach: true }),
    },
    end,
  );
  return withExamples(command, [
    ['which rules would come (+) and go (-)', 'fleetwall plan edge.rules'],
    ['the same for a program', 'fleetwall plan edge.yaml --json'],
  ]);
}
