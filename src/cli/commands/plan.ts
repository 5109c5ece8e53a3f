import { styleText } from 'node:util';
import type { Command } from 'commander';
import { escapeControl } from '../../contract/escape.ts';
import type { Diff } from '../../contract/event.ts';
import { localCommand, localJob } from '../options/local-command.ts';
import { describeCounts } from '../show/describe-counts.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';

export function planCommand(end: (status: ExitStatus) => void): Command {
  return localCommand({ name: 'plan', work: localJob('check', ({ diff }) => showDiff(diff)) }, end);
}

/** By family and table, what goes and what comes; in colours where they are wanted (`NO_COLOR` is heeded). */
function showDiff(diff: Diff | null): string {
  const hasColors = process.stdout.isTTY && process.stdout.hasColors();
  const line = (mark: '+' | '-', color: 'green' | 'red', rule: string) => {
    const text = `${mark} ${escapeControl(rule)}`;
    return hasColors ? styleText(color, text) : text;
  };
  const tables = (diff?.tables ?? []).flatMap(({ family, table, added, removed }) => [
    `${family} ${table}`,
    ...removed.map((rule) => line('-', 'red', rule)),
    ...added.map((rule) => line('+', 'green', rule)),
    '',
  ]);
  return [...tables, describeCounts(diff)].join('\n');
}
