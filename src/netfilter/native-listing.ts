import type { Family } from '../contract/identifiers.ts';
import type { RunCommand } from '../job/command.ts';
import type { Programs } from './programs.ts';
import { readingLock } from './xtables-lock.ts';

export interface ListingOptions {
  programs: Programs;
  timeoutMs: number;
  lockSeconds: number;
  runDir: string;
  run: RunCommand;
}

const NFT_FAMILY: Record<Family, string> = { ipv4: 'ip', ipv6: 'ip6' };

/**
 * A table in other words than those of iptables-save: as nft has it, or as legacy iptables lists it, which is another printer
 * of every match and target. Without counters, and with its chains in the order of their names. The empty text if there is no
 * such table; `null` if there is no program to ask.
 */
export async function listNatively(
  family: Family,
  table: string,
  prefix: readonly string[],
  options: ListingOptions,
): Promise<string | null> {
  const { backend } = options.programs;
  return backend === 'nft'
    ? await listByNft(family, table, prefix, options)
    : await listByLegacy(family, table, prefix, options);
}

async function listByNft(
  family: Family,
  table: string,
  prefix: readonly string[],
  options: ListingOptions,
): Promise<string | null> {
  const { nft } = options.programs;
  if (nft === null) return null;
  const stdout = await list(
    [...prefix, nft, '--stateless', 'list', 'table', NFT_FAMILY[family], table],
    options,
  );
  // A block begins with one tab and ends with a line that is a tab and a brace.
  const blocks = stdout.match(/^\t\S[^]*?^\t\}$/gm) ?? [];
  return blocks.toSorted().join('\n');
}

async function listByLegacy(
  family: Family,
  table: string,
  prefix: readonly string[],
  options: ListingOptions,
): Promise<string | null> {
  const program = options.programs.list[family];
  if (program === null) return null;
  const stdout = await list(
    [...prefix, program, '-w', String(options.lockSeconds), '-t', table, '-n', '-v', '-x', '-L'],
    options,
  );
  const withoutCounters = stdout
    .replace(/^ *\d+ +\d+ /gm, '')
    .replace(/\d+ packets, \d+ bytes/g, '')
    .replace(/\(\d+ references\)/g, '');
  return withoutCounters
    .split(/^(?=Chain )/m)
    .toSorted()
    .join('');
}

async function list(command: readonly string[], { run, timeoutMs, runDir }: ListingOptions): Promise<string> {
  const [file = '', ...args] = command;
  const environment = readingLock(runDir);
  const { exitCode, stdout } = await run({ file, args, timeoutMs, environment, encoding: 'latin1' });
  return exitCode === 0 ? stdout : '';
}
