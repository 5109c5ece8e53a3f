import { Command } from 'commander';
import { withExamples } from '../../options/help.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { addCommand, deleteCommand, removeCommand, replaceCommand } from './list-change.ts';
import { followCommand } from './list-follow.ts';
import { showCommand } from './list-show.ts';

/** Lists of addresses, which rules match. */
export function listCommand(end: (status: ExitStatus) => void): Command {
  const list = new Command('list').exitOverride();
  for (const make of [addCommand, removeCommand, replaceCommand, showCommand, deleteCommand, followCommand])
    list.addCommand(make(end).exitOverride());
  return withExamples(list, [
    [
      'refuse an address everywhere for four hours',
      'fleetwall list add blocked 203.0.113.9 --for 4h --all --yes',
    ],
    ['what is in a list now?', 'fleetwall list show blocked --all'],
  ]);
}
