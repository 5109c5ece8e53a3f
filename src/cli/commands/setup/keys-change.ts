import type { Command } from 'commander';
import { addKeys, removeKey } from '../../../keys/key-set-file.ts';
import { withExamples } from '../../options/help.ts';
import { printAside, printJson } from '../../terminal/print.ts';

/** `fleetwall keys add`: a host may trust several keys, as it has to while one follows another. */
export function withAdd(command: Command): void {
  command
    .description('put public keys into a file of trusted keys, beside those that it has')
    .argument('<file>', 'the JWK set that is changed')
    .argument('<keys>', 'a JWK set with the keys that it is to have besides')
    .option('--json', 'print JSON on standard output')
    .action(async (path: string, from: string, { json }: { json?: true }) => {
      const added = await addKeys(path, from);
      if (json === true) printJson({ added });
      else printAside(`${added.length === 0 ? 'it has them already' : `added ${added.join(', ')}`}\n`);
    });
  withExamples(command, [
    ['the key that follows', 'fleetwall keys add trusted.json ops-2027.json'],
    ['that of a second operator', 'fleetwall keys add trusted.json eve.json'],
  ]);
}

/** `fleetwall keys remove` */
export function withRemove(command: Command): void {
  command
    .description('take a key out of a file of trusted keys; the last one stays')
    .argument('<file>', 'the JWK set that is changed')
    .argument('<kid>', 'the name of the key')
    .option('--json', 'print JSON on standard output')
    .action(async (path: string, kid: string, { json }: { json?: true }) => {
      await removeKey(path, kid);
      if (json === true) printJson({ removed: [kid] });
      else printAside(`removed ${kid}\n`);
    });
  withExamples(command, [
    ['the key that another one follows', 'fleetwall keys remove trusted.json ops'],
    ['that of somebody who has left', 'fleetwall keys remove trusted.json eve'],
  ]);
}
