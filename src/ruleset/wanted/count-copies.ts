import type { SentCommand } from '../text/sent-text.ts';

/** Returns how many rules iptables makes of a line: one for each pair of the addresses that `-s` and `-d` list. */
export function countRules(command: SentCommand): number {
  if (command.common !== null) return 1;
  return command.reading.options
    .filter(({ owner, isAddress }) => owner === 'iptables' && isAddress)
    .reduce((count, { values }) => count * (values[0] ?? '').split(',').length, 1);
}
