import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { SettingsError } from '../../../config/settings-error.ts';
import { readTrustedKeys, type TrustedJwk } from '../../../config/trusted-keys.ts';
import { escapeControl } from '../../../contract/words/escape.ts';
import { readPublicHalf } from '../../../keys/signing-key.ts';
import { readText } from '../../../system/read-text.ts';
import { withExamples } from '../../options/help.ts';
import { paint } from '../../terminal/paint.ts';
import { print, printJson } from '../../terminal/print.ts';
import { layTable } from '../../terminal/table.ts';

/** `fleetwall keys list`: what keys a file has, or in what two files differ. */
export function withList(command: Command): void {
  command
    .description('what keys are in a file, and what each is trusted with; of two files, in what they differ')
    .argument('<file>', 'a JWK set, or a private key, of which the public half is shown')
    .argument(
      '[other]',
      'another JWK set: what it has that the first has not (+), and the other way round (-)',
    )
    .option('--json', 'print JSON on standard output')
    .action(async (path: string, other: string | undefined, { json }: { json?: true }) => {
      if (other === undefined) await list(path, json === true);
      else await compare(path, other, json === true);
    });
  withExamples(command, [
    ['what the hosts trust', 'fleetwall keys list trusted.json'],
    ['the public half of a private key', 'fleetwall keys list ops.key'],
    ['what will be new on the hosts', 'fleetwall keys list trusted.json both.json'],
  ]);
}

async function list(path: string, json: boolean): Promise<void> {
  if (await isPrivate(path)) {
    print(`${JSON.stringify({ keys: [await readPublicHalf(path)] }, null, 2)}\n`);
    return;
  }
  const trusted = await readTrustedKeys(path);
  if (json) for (const { kid, algorithm, limits } of trusted) printJson({ kid, algorithm, limits });
  else printRows(trusted.map((key) => rowOf(key)));
}

interface Difference {
  kid: string;
  /** As the first and the other file have it. */
  before: TrustedJwk | null;
  after: TrustedJwk | null;
}

/** Names alone do not tell: a key may have been made anew under its old name, or be trusted with something else. */
async function compare(path: string, other: string, json: boolean): Promise<void> {
  const [first, second] = [await readTrustedKeys(path), await readTrustedKeys(other)];
  const find = (keys: readonly TrustedJwk[], kid: string) => keys.find((key) => key.kid === kid) ?? null;
  const names = new Set([...first, ...second].map(({ kid }) => kid));
  const differences = [...names]
    .map((kid): Difference => ({ kid, before: find(first, kid), after: find(second, kid) }))
    .filter(({ before, after }) => !isDeepStrictEqual(before, after));
  if (json) for (const difference of differences) printJson(summaryOf(difference));
  else if (differences.length === 0) print('both have the same keys, trusted with the same\n');
  else printRows(differences.flatMap(rowsOf));
}

function summaryOf({ kid, before, after }: Difference): object {
  const isOtherKey = hasOtherKey({ kid, before, after });
  return { kid, before: before?.limits ?? null, after: after?.limits ?? null, isOtherKey };
}

function rowsOf(difference: Difference): string[][] {
  const { before, after } = difference;
  const note = hasOtherKey(difference) ? 'another key under this name; ' : '';
  return [
    ...(before === null ? [] : [[paint.red('-'), ...rowOf(before, note)]]),
    ...(after === null ? [] : [[paint.green('+'), ...rowOf(after, note)]]),
  ];
}

function hasOtherKey({ before, after }: Difference): boolean {
  return before !== null && after !== null && !isDeepStrictEqual(before.jwk, after.jwk);
}

function rowOf({ kid, algorithm, limits }: TrustedJwk, note = ''): string[] {
  const limited = Object.entries(limits).map(([name, value]) => `${name}: ${String(value)}`);
  const told = limited.join('; ') || 'trusted with everything';
  return [escapeControl(kid), algorithm, `${note}${told}`];
}

function printRows(rows: string[][]): void {
  for (const line of layTable(rows)) print(`${line}\n`);
}

async function isPrivate(path: string): Promise<boolean> {
  try {
    return 'd' in (JSON.parse(await readText(path)) as object);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return false;
    throw new SettingsError(`${path}: cannot be read: ${(error as Error).message}`);
  }
}
