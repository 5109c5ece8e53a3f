import type { Family } from '../../contract/words/identifiers.ts';
import { assertStarted, type CommandResult, type RunCommand } from '../../host/command.ts';
import { RestoreFailed } from '../../job/ports/firewall.ts';
import { inTurns } from '../../job/time/in-turns.ts';
import { LINES_A_STEP, type Steps } from '../../steps.ts';
import { nameOf } from './fault.ts';
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
 * Lists a table in another form than iptables-save: by `nft`, or by `iptables -L`, which has another printer for every match and
 * target. Without counters, and with the chains sorted. Returns the empty text if there is no such table, and `null` if no
 * program can list it.
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
 * @returns `null` if nft is not installed, or fails on this table. Its translations of some matches end it by SIGSEGV (1.0.6:
 * `hashlimit --hashlimit-rate-match` of IPv6)
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
  return blocks
    .toSorted()
    .join('\n')
    .replaceAll(/\b([sd]port) > (\d+)/g, asRange);
}

/** `! --dport :1023` is `dport > 1023`, and what is saved of it restores to `dport 1024-65535`: the same ports. */
function asRange(_: string, port: string, below: string): string {
  const first = Number(below) + 1;
  return first === 65_535 ? `${port} 65535` : `${port} ${first}-65535`;
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
  if (exitCode === null)
    throw new RestoreFailed({
      kind: 'killed',
      message: 'it was ended by a signal',
      lines: [],
      command: nameOf(program),
      exitCode,
      stderr: '',
    });
  if (exitCode !== 0) return '';
  return await inTurns(withoutCounters(stdout));
}

/** Takes the counters out of what `iptables -L -v` prints, and sorts its chains. */
function* withoutCounters(listing: string): Steps<string> {
  const chains: string[][] = [[]];
  for (const [index, line] of listing.split('\n').entries()) {
    if (index % LINES_A_STEP === 0) yield;
    if (line.startsWith('Chain ')) chains.push([]);
    chains.at(-1)?.push(
      line
        .replace(/^ *\d+ +\d+ /, '')
        .replaceAll(/\d+ packets, \d+ bytes/g, '')
        .replaceAll(/\(\d+ references\)/g, ''),
    );
  }
  return chains
    .map((lines) => lines.join('\n'))
    .toSorted()
    .join('\n');
}

async function list(
  command: readonly string[],
  { run, timeoutMs, runDir }: ListingOptions,
): Promise<CommandResult> {
  const [file = '', ...args] = command;
  const request = { file, args, timeoutMs, environment: readingLock(runDir), encoding: 'latin1' } as const;
  const once = await run(request);
  // A table that makes the program crash does it again; a program that was killed from outside is not.
  const result = once.exitCode === null && !once.timedOut ? await run(request) : once;
  // Nothing can be said of a table that was not listed, least of all that it is empty.
  assertStarted(result);
  if (result.timedOut) {
    const message = `it ran for more than ${timeoutMs / 1000} s, and was ended`;
    throw new RestoreFailed({
      kind: 'timeout',
      message,
      lines: [],
      command: nameOf(file),
      exitCode: null,
      stderr: '',
    });
  }
  return result;
}
