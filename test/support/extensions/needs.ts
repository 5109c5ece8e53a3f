import { fileURLToPath } from 'node:url';
import type { Backend } from '../namespace.ts';
import { commandOf } from '../raw-words.ts';
import { OBJECT_NAMES } from './names.ts';
import type { Family, Need } from './setting.ts';

export const KERNEL_PROGRAM = fileURLToPath(new URL('./kernel.py', import.meta.url));

const ESTIMATORS = ['re1', 're 2', 're"3', 're\\4'];

/** The words of the commands that make what rules need; they are to be run in the namespace of the rules. */
function commandsOf(need: Need, backend: Backend, family: Family): string[][] {
  const names = [...OBJECT_NAMES.values()];
  switch (need) {
    case 'ipset':
      // Sets of ports, as these belong to no family.
      return names.map((name) => [
        'ipset',
        'create',
        name,
        'bitmap:port',
        'range',
        '0-99',
        'counters',
        'skbinfo',
        'timeout',
        '0',
      ]);
    case 'nfacct':
      return names.map((name) => ['nfacct', 'add', name]);
    case 'timeout':
      return [['python3', KERNEL_PROGRAM, 'timeout', family, ...names]];
    case 'rateest':
      // In a table in which no other rules are tried.
      return ESTIMATORS.map((name) => [
        `${family === 'ipv4' ? 'iptables' : 'ip6tables'}-${backend}`,
        '-w',
        '5',
        '-t',
        'security',
        '-A',
        'FORWARD',
        '-j',
        'RATEEST',
        '--rateest-name',
        name,
        '--rateest-interval',
        '250ms',
        '--rateest-ewmalog',
        '500ms',
      ]);
  }
}

/** A script that makes everything that is needed, and fails if any part fails. */
export function scriptOf(needs: readonly Need[], backend: Backend, family: Family): string {
  const commands = needs.flatMap((need) => commandsOf(need, backend, family));
  return ['set -e', ...commands.map((words) => commandOf(words)), ''].join('\n');
}
