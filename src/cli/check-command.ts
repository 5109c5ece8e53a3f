import type { Command } from 'commander';
import type { Diff } from '../contract/event.ts';
import type { ExitStatus } from './exit-status.ts';
import { localCommand } from './local-command.ts';

export function checkCommand(end: (status: ExitStatus) => void): Command {
  return localCommand(
    {
      name: 'check',
      action: 'check',
      show: ({ diff, ruleset }, { path }) =>
        `${path}: ruleset ${ruleset?.name} can be applied: ${countRules(diff)}`,
    },
    end,
  );
}

/** A difference in one line: of what was done, or of what would be. */
export function countRules(diff: Diff | null, isDone = false): string {
  if (diff === null || diff.added + diff.removed === 0)
    return isDone ? 'nothing had to change' : 'nothing would change';
  return `${diff.added} ${diff.added === 1 ? 'rule' : 'rules'} in, ${diff.removed} out, ${diff.unchanged} unchanged`;
}
