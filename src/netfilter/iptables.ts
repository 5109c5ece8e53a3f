import type { Family } from '../contract/identifiers.ts';
import { type CommandResult, type RunCommand } from '../job/command.ts';
import { type Fence, type Firewall, RestoreFailed, type RestoreRequest } from '../job/ports.ts';
import { faultOf } from './fault.ts';
import type { NetworkNamespace } from './namespace.ts';
import { listNatively } from './native-listing.ts';
import type { Programs } from './programs.ts';

export interface IptablesOptions {
  programs: Programs;
  namespace: NetworkNamespace;
  /** For one save or restore. */
  timeoutMs: number;
  /** How long a restore waits for the xtables lock of other programs. */
  lockSeconds: number;
  run: RunCommand;
}

const PROBED_TABLE = 'raw';
const LOADED_TABLES: Record<Family, string> = {
  ipv4: '/proc/net/ip_tables_names',
  ipv6: '/proc/net/ip6_tables_names',
};

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
    await this.#throwFault(file, result, null);
    return result.stdout;
  }

  async restore(fence: Fence, { family, text, flush }: RestoreRequest): Promise<void> {
    const { programs, lockSeconds } = this.#options;
    const file = programs.restore[family];
    // Always -w: without it, legacy 1.8.8 to 1.8.10 waits for ever.
    const args = ['-c', '-w', String(lockSeconds), ...(flush ? [] : ['-n'])];
    const result = await this.#run(fence, file, args, text);
    await this.#throwFault(file, result, text.split('\n').length - 1);
  }

  /** Reads a table, as a rule an empty one, outside of any job: whether there is the right to. @throws {RestoreFailed} */
  async assertReadable(): Promise<void> {
    if (!(await this.#isLoaded(null, 'ipv4', PROBED_TABLE))) return;
    const file = this.#options.programs.save.ipv4;
    await this.#throwFault(file, await this.#run(null, file, ['-t', PROBED_TABLE]), null);
  }

  /** Legacy rules are all iptables'. */
  async listNatively(_: Fence, family: Family, table: string): Promise<string | null> {
    const { programs, namespace } = this.#options;
    if (programs.backend === 'legacy' || programs.nft === null) return null;
    return await listNatively(family, table, programs.nft, namespace.prefix, this.#options);
  }

  async #throwFault(file: string, result: CommandResult, commitLine: number | null): Promise<void> {
    const fault = await faultOf({ file, result, commitLine, timeoutMs: this.#options.timeoutMs });
    if (fault !== null) throw new RestoreFailed(fault);
  }

  /** Legacy loads a table by reading it: one that is not loaded is empty, and stays unread. */
  async #isLoaded(fence: Fence | null, family: Family, table: string): Promise<boolean> {
    if (this.#options.programs.backend === 'nft') return true;
    const { stdout } = await this.#run(fence, '/bin/cat', [LOADED_TABLES[family]]);
    return stdout.split('\n').includes(table);
  }

  async #run(fence: Fence | null, file: string, args: string[], input?: string): Promise<CommandResult> {
    const { namespace, timeoutMs, run } = this.#options;
    const [first = file, ...rest] = [...namespace.prefix, file, ...args];
    return await run({
      file: first,
      args: rest,
      timeoutMs,
      ...(fence === null ? {} : { descriptor: fence.descriptor }),
      ...(input === undefined ? {} : { input }),
    });
  }
}
