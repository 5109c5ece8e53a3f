import type { Command } from 'commander';
import type { Diff } from '../contract/event.ts';
import type { ExitStatus } from './exit-status.ts';
import { localCommand } from './local-command.ts';

export function checkCommand(end: (status: ExitStatus) => void): Command {
  const description = 'check a ruleset on this host, without a broker and without changing anything';
  return localCommand(
    {
      name: 'check',
      description,
      show: ({ diff, ruleset }, { path }) =>
        `${path}: ruleset ${ruleset?.name} can be applied: ${countRules(diff)}`,
    },
    end,
  );
}

/** A difference in one line. */
export function countRules(diff: Diff | null): string {
  if (diff === null || diff.added + diff.removed === 0) return 'nothing would change';
  return `${diff.added} ${diff.added === 1 ? 'rule' : 'rules'} in, ${diff.removed} out, ${diff.unchanged} unchanged`;
}
