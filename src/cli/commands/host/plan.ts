import type { Command } from 'commander';
import { escapeControl } from '../../../contract/escape.ts';
import type { Diff } from '../../../contract/event.ts';
import { withExamples } from '../../options/help.ts';
import { localCommand, localJob } from '../../options/local-command.ts';
import { describeCounts } from '../../show/describe-counts.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { paint } from '../../terminal/paint.ts';

export function planCommand(end: (status: ExitStatus) => void): Command {
  const command = localCommand({ name: 'plan', work: localJob('check', ({ diff }) => showDiff(diff)) }, end);
  return withExamples(command, [
    ['which rules would come (+) and go (-)', 'fleetwall plan edge.rules'],
    ['the same for a program', 'fleetwall plan edge.yaml --json'],
  ]);
}

/** By family and table, what goes and what comes. */
function showDiff(diff: Diff | null): string {
  const tables = (diff?.tables ?? []).flatMap(({ family, table, added, removed }) => [
    `${family} ${table}`,
    ...removed.map((rule) => paint.red(`- ${escapeControl(rule)}`)),
    ...added.map((rule) => paint.green(`+ ${escapeControl(rule)}`)),
    '',
  ]);
  return [...tables, describeCounts(diff)].join('\n');
}
