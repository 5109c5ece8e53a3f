import type { Family } from '../contract/identifiers.ts';
import type { RunCommand } from '../job/command.ts';

const NFT_FAMILY: Record<Family, string> = { ipv4: 'ip', ipv6: 'ip6' };

/**
 * A table as nft has it, without counters and with its chains and sets in the order of their names: what iptables can
 * put into its own words, and what it cannot. The empty text if there is no such table.
 */
export async function listNatively(
  family: Family,
  table: string,
  nft: string,
  prefix: readonly string[],
  { run, timeoutMs }: { run: RunCommand; timeoutMs: number },
): Promise<string> {
  const [file, ...args] = [...prefix, nft, '--stateless', 'list', 'table', NFT_FAMILY[family], table];
  const { exitCode, stdout } = await run({ file, args, timeoutMs });
  if (exitCode !== 0) return '';
  // A block begins with one tab and ends with a line that is a tab and a brace.
  const blocks = stdout.match(/^\t\S[^]*?^\t\}$/gm) ?? [];
  return blocks.toSorted().join('\n');
}
