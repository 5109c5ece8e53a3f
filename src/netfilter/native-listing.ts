import type { Family } from '../contract/identifiers.ts';
import type { RunCommand } from '../job/command.ts';
import type { Programs } from './programs.ts';

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
  options: { run: RunCommand; timeoutMs: number; programs: Programs },
): Promise<string | null> {
  const { backend } = options.programs;
  return backend === 'nft'
    ? await listByNft(family, table, prefix, options)
    : await listByLegacy(family, table, prefix, options);
}

type Options = Parameters<typeof listNatively>[3];

async function listByNft(
  family: Family,
  table: string,
  prefix: readonly string[],
  options: Options,
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
  options: Options,
): Promise<string | null> {
  const program = options.programs.list[family];
  if (program === null) return null;
  const stdout = await list([...prefix, program, '-w', '-t', table, '-n', '-v', '-x', '-L'], options);
  const withoutCounters = stdout
    .replace(/^ *\d+ +\d+ /gm, '')
    .replace(/\d+ packets, \d+ bytes/g, '')
    .replace(/\(\d+ references\)/g, '');
  return withoutCounters
    .split(/^(?=Chain )/m)
    .toSorted()
    .join('');
}

async function list(command: readonly string[], { run, timeoutMs }: Options): Promise<string> {
  const [file = '', ...args] = command;
  const { exitCode, stdout } = await run({ file, args, timeoutMs, encoding: 'latin1' });
  return exitCode === 0 ? stdout : '';
}
