import { readFile } from 'node:fs/promises';
import type { Family } from '../contract/identifiers.ts';
import {
  type CommandResult,
  type Fence,
  type Firewall,
  RestoreFailed,
  type RestoreRequest,
  type RunCommand,
} from '../job/ports.ts';
import type { RestoreFault } from '../job/restore-fault.ts';
import type { NetworkNamespace } from './namespace.ts';
import type { Programs } from './programs.ts';
import { readError } from './read-error.ts';

export interface IptablesOptions {
  programs: Programs;
  namespace: NetworkNamespace;
  /** For one save or restore. */
  timeoutMs: number;
  /** How long a restore waits for the xtables lock of other programs. */
  lockSeconds: number;
  run: RunCommand;
}

const LOADED_TABLES: Record<Family, string> = {
  ipv4: '/proc/net/ip_tables_names',
  ipv6: '/proc/net/ip6_tables_names',
};
const CAP_NET_ADMIN = 12n;

/** The rules of one network namespace, by iptables-save and iptables-restore of one variant. */
export class Iptables implements Firewall {
  readonly #options: IptablesOptions;

  constructor(options: IptablesOptions) {
    this.#options = options;
  }

  async save(fence: Fence, family: Family, table: string): Promise<string> {
    if (!(await this.#isLoaded(fence, family, table))) return '';
    const file = this.#options.programs.save[family];
    const result = await this.#run(fence, file, ['-c', '-t', table]);
    const fault =
      result.exitCode === 0 ? unreadableNote(result, file) : await this.#faultOf(file, result, null);
    if (fault !== null) throw new RestoreFailed(fault);
    return result.stdout;
  }

  async restore(fence: Fence, { family, text, flush, test }: RestoreRequest): Promise<void> {
    const { programs, lockSeconds } = this.#options;
    const file = programs.restore[family];
    // Always -w: without it, legacy 1.8.8 to 1.8.10 waits for ever.
    const args = ['-c', '-w', String(lockSeconds), ...(flush ? [] : ['-n']), ...(test ? ['--test'] : [])];
    const result = await this.#run(fence, file, args, text);
    if (result.exitCode === 0) return;
    throw new RestoreFailed(await this.#faultOf(file, result, countLines(text)));
  }

  /** Legacy loads a table by reading it: one that is not loaded is empty, and stays unread. */
  async #isLoaded(fence: Fence, family: Family, table: string): Promise<boolean> {
    if (this.#options.programs.backend === 'nft') return true;
    const { stdout } = await this.#run(fence, '/bin/cat', [LOADED_TABLES[family]]);
    return stdout.split('\n').includes(table);
  }

  async #run(fence: Fence, file: string, args: string[], input?: string): Promise<CommandResult> {
    const { namespace, timeoutMs, run } = this.#options;
    const [first = file, ...rest] = [...namespace.prefix, file, ...args];
    const descriptor = fence.descriptor;
    return await run({
      file: first,
      args: rest,
      descriptor,
      timeoutMs,
      ...(input === undefined ? {} : { input }),
    });
  }

  async #faultOf(file: string, result: CommandResult, commitLine: number | null): Promise<RestoreFault> {
    const { timeoutMs } = this.#options;
    const { exitCode, stderr } = result;
    const evidence = { command: programName(file), exitCode, stderr };
    if (result.startError !== null)
      return {
        ...evidence,
        kind: 'unknown',
        message: result.startError,
        lines: [],
      };
    if (result.timedOut) {
      return {
        ...evidence,
        kind: 'timeout',
        message: `it ran for more than ${timeoutMs / 1000} s, and was ended`,
        lines: [],
      };
    }
    const error = readError({ exitCode, stderr, commitLine });
    if (error.kind === 'table-unavailable' && !(await isNetAdmin()))
      return { ...evidence, ...error, kind: 'privilege' };
    return { ...evidence, ...error };
  }
}

/** A table that nft rules have made unreadable is told of on standard output, with status 0. */
function unreadableNote({ stdout, exitCode, stderr }: CommandResult, file: string): RestoreFault | null {
  const note = stdout.split('\n', 3).find((line) => /^# Table `.*' is incompatible/.test(line));
  if (note === undefined) return null;
  return {
    kind: 'unreadable',
    message: note.slice(2),
    lines: [],
    command: programName(file),
    exitCode,
    stderr,
  };
}

/** Whether this process, and so what it starts, may change rules at all. */
async function isNetAdmin(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> CAP_NET_ADMIN) & 1n) === 1n;
}

function programName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** The COMMIT is the last line. */
function countLines(text: string): number {
  return text.split('\n').length - 1;
}
