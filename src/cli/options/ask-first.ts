import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { plural } from '../../central/messages/plural.ts';
import { nameHosts } from '../show/show-answers.ts';
import { printAside } from '../terminal/print.ts';
import type { SelectionFlags } from './fleet-options.ts';

/** Whether a person is asked before it is done: where it is for more than single hosts, and nobody has said yes beforehand. */
export function isAskedFirst({ group, all, yes }: Pick<SelectionFlags, 'group' | 'all' | 'yes'>): boolean {
  return (group.length > 0 || all === true) && yes !== true;
}

/**
 * Lets a person have a look, where one is asked first.
 *
 * @param plan what else there is to look at, a line each
 * @returns whether to go on
 */
export async function askFirst(
  what: string,
  hosts: readonly string[],
  flags: Pick<SelectionFlags, 'group' | 'all' | 'yes'>,
  command: Command,
  plan: readonly string[] = [],
): Promise<boolean> {
  if (!isAskedFirst(flags)) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    command.error('error: there is no terminal to ask at: say --yes to go on without a question');
  }
  const lines = [
    `${what} on ${plural(hosts.length, 'host')}: ${nameHosts(hosts)}`,
    ...plan.map((line) => `  ${line}`),
  ];
  printAside(`${lines.join('\n')}\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D close it: that is a no, too.
  const closed = new AbortController();
  terminal.once('close', () => closed.abort());
  const answer = await terminal.question('Go on? [y/N] ', { signal: closed.signal }).catch(() => '');
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
