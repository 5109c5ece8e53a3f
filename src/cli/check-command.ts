import type { Command } from 'commander';
import type { Diff, JobCompleted } from '../contract/event.ts';
import type { ExitStatus } from './exit-status.ts';
import { localCommand, localJob } from './local-command.ts';
import type { RulesetFile } from './ruleset-file.ts';

export function checkCommand(end: (status: ExitStatus) => void): Command {
  const show = ({ diff, ruleset }: JobCompleted, { path }: RulesetFile) =>
    `${path}: ruleset ${ruleset?.name} can be applied: ${countRules(diff)}`;
  return localCommand({ name: 'check', work: localJob('check', show) }, end);
}

/** A difference in one line: of what was done, or of what would be. */
export function countRules(diff: Diff | null, isDone = false): string {
  if (diff === null || diff.added + diff.removed === 0)
    return isDone ? 'nothing had to change' : 'nothing would change';
  return `${diff.added} ${diff.added === 1 ? 'rule' : 'rules'} in, ${diff.removed} out, ${diff.unchanged} unchanged`;
}
