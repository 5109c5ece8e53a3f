import type { Family } from '../contract/identifiers.ts';
import type { CommandResult, RunCommand } from '../host/command.ts';
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
 * A table in other words than those of iptables-save: as nft has it, or as `iptables -L` lists it, which is another printer of
 * every match and target. Without counters, and with its chains in the order of their names. The empty text if there is no such
 * table; `null` if there is no program to ask.
 */
export async function listNatively(
  family: Family,
  table: string,
  prefix: readonly string[],
  options: ListingOptions,
): Promise<string | null> {
  if (options.programs.backend === 'legacy') return await listByIptables(family, table, prefix, options);
  return (
    (await listByNft(family, table, prefix, options)) ??
    (await listByIptables(family, table, prefix, options))
  );
}

/**
 * @returns `null`: nft is not installed, or it does not get through the table. Its translations of some matches end it by
 * SIGSEGV (1.0.6: `hashlimit --hashlimit-rate-match` of IPv6).
 */
async function listByNft(
  family: Family,
  table: string,
  prefix: readonly string[],
  options: ListingOptions,
): Promise<string | null> {
  const { nft } = options.programs;
  if (nft === null) return null;
  const { exitCode, stdout, stderr } = await list(
    [...prefix, nft, '--stateless', 'list', 'table', NFT_FAMILY[family], table],
    options,
  );
  if (exitCode !== 0) return stderr.includes('No such file or directory') ? '' : null;
  // A block begins with one tab and ends with a line that is a tab and a brace.
  const blocks = stdout.match(/^\t\S[^]*?^\t\}$/gm) ?? [];
  return blocks.toSorted().join('\n');
}

async function listByIptables(
  family: Family,
  table: string,
  prefix: readonly string[],
  options: ListingOptions,
): Promise<string | null> {
  const program = options.programs.list[family];
  if (program === null) return null;
  const { exitCode, stdout } = await list(
    [...prefix, program, '-w', String(options.lockSeconds), '-t', table, '-n', '-v', '-x', '-L'],
    options,
  );
  if (exitCode !== 0) return '';
  const withoutCounters = stdout
    .replace(/^ *\d+ +\d+ /gm, '')
    .replace(/\d+ packets, \d+ bytes/g, '')
    .replace(/\(\d+ references\)/g, '');
  return withoutCounters
    .split(/^(?=Chain )/m)
    .toSorted()
    .join('');
}

async function list(
  command: readonly string[],
  { run, timeoutMs, runDir }: ListingOptions,
): Promise<CommandResult> {
  const [file = '', ...args] = command;
  return await run({ file, args, timeoutMs, environment: readingLock(runDir), encoding: 'latin1' });
}
