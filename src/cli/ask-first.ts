import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { SelectionFlags } from './fleet-options.ts';
import { nameHosts } from './show-answers.ts';

/**
 * For more than single hosts, a person has a look first.
 *
 * @returns whether to go on
 */
export async function askFirst(
  what: string,
  hosts: readonly string[],
  { group, all, yes }: SelectionFlags,
  command: Command,
): Promise<boolean> {
  const isWide = group.length > 0 || all === true;
  if (!isWide || yes === true) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    command.error('error: without a terminal to ask at, --group and --all need --yes');
  }
  process.stderr.write(`${what} on ${hosts.length} hosts: ${nameHosts(hosts)}\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('Go on? [y/N] ');
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
