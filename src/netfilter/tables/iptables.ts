import type { Family } from '../../contract/words/identifiers.ts';
import { type CommandResult, type RunCommand } from '../../host/command.ts';
import { type Firewall, RestoreFailed, type RestoreRequest } from '../../job/ports/firewall.ts';
import type { Fence } from '../../job/ports/host-lock.ts';
import type { Table } from '../../ruleset/model.ts';
import type { Place } from '../../ruleset/saved/read-printed.ts';
import type { TableRef } from '../../ruleset/tables.ts';
import { quoteWord } from '../../ruleset/text/split-words.ts';
import { faultOf, nameOf } from './fault.ts';
import { readLiveTable } from './live-table.ts';
import type { NetworkNamespace } from './namespace.ts';
import { listNatively } from './native-listing.ts';
import type { Programs } from './programs.ts';
import { readingLock } from './xtables-lock.ts';

export interface IptablesOptions {
  programs: Programs;
  namespace: NetworkNamespace;
  /** How long one save or restore may run, in milliseconds. */
  timeoutMs: number;
  /** How long a restore waits for the xtables lock of other programs, in seconds. */
  lockSeconds: number;
  /** The folder for the lock files of programs that only read. They keep nobody waiting. */
  runDir: string;
  run: RunCommand;
}

const CAT = '/bin/cat';
const PROBED_TABLE = 'raw';
const LOADED_TABLES: Record<Family, string> = {
  ipv4: '/proc/net/ip_tables_names',
  ipv6: '/proc/net/ip6_tables_names',
};

/** Reads and writes the rules of one network namespace, with iptables-save and iptables-restore of one variant. */
export class Iptables implements Firewall {
  readonly #options: IptablesOptions;
  /** The tables that were seen to be loaded. */
  readonly #loaded = new Set<string>();
  /** Each table as it was read last, to compare its next save with. */
  readonly #last = new Map<string, Table>();

  constructor(options: IptablesOptions) {
    this.#options = options;
  }

  /** @param fence `null` for a look beside whoever may be writing, which goes by its result for nothing but to tell it */
  async read(
    fence: Fence | null,
    family: Family,
    table: string,
    chains: ReadonlySet<string>,
  ): Promise<Table | undefined> {
    if (!(await this.#isLoaded(fence, family, table))) return undefined;
    const questions = {
      save: async () => await this.#save(fence, family, table),
      print: async (places: readonly Place[]) =>
        await this.#query(fence, { family, table }, places.map(at('-S'))),
      printTwice: async (places: readonly Place[]) =>
        await this.#query(
          fence,
          { family, table },
          places.map(at('-S')).flatMap((question) => [question, `${question} -v`]),
        ),
      list: async (place: Place) => await this.#query(fence, { family, table }, [`${at('-L')(place)} -n`]),
    };
    const key = `${family} ${table}`;
    const read = await readLiveTable(table, chains, questions, this.#last.get(key)?.rules);
    if (read !== null) {
      this.#last.set(key, read);
      return read;
    }
    const message = `what iptables-save prints of the ${family} table ${table} cannot be read, or changed with each look`;
    const command = nameOf(this.#options.programs.save[family]);
    throw new RestoreFailed({ kind: 'unreadable', message, lines: [], command, exitCode: 0, stderr: '' });
  }

  async #save(fence: Fence | null, family: Family, table: string): Promise<string> {
    const file = this.#options.programs.save[family];
    const result = await this.#run(fence, file, ['-c', '-t', table]);
    await this.#throwFault(file, result, null);
    return result.stdout;
  }

  /**
   * Asks questions in the form of a restore, so that one program answers many. Nothing is written: for nft there is nothing to
   * commit. Legacy would write the table back, so it is told to only test, and has its own lock file (from 1.8.6 on).
   */
  async #query(
    fence: Fence | null,
    { family, table }: TableRef,
    questions: readonly string[],
  ): Promise<string> {
    const { programs, lockSeconds } = this.#options;
    const file = programs.restore[family];
    const args = ['-n', '-w', String(lockSeconds), ...(programs.backend === 'legacy' ? ['--test'] : [])];
    const text = [`*${table}`, ...questions, 'COMMIT', ''].join('\n');
    const environment = readingLock(this.#options.runDir);
    const result = await this.#run(fence, file, args, text, environment);
    await this.#throwFault(file, result, text.split('\n').length - 1);
    return result.stdout.replace(/\n$/, '');
  }

  async restore(fence: Fence, { family, text, flush }: RestoreRequest): Promise<void> {
    const { programs, lockSeconds } = this.#options;
    const file = programs.restore[family];
    // Always with -w: without it, legacy 1.8.8 to 1.8.10 waits for ever.
    const args = ['-c', '-w', String(lockSeconds), ...(flush ? [] : ['-n'])];
    const result = await this.#run(fence, file, args, text);
    await this.#throwFault(file, result, text.split('\n').length - 1);
  }

  /**
   * Checks, outside of any job, that the worker may read rules. Reads one table, usually an empty one. @throws {RestoreFailed}
   */
  async assertReadable(): Promise<void> {
    const { backend, save } = this.#options.programs;
    // Without `-t`, legacy saves the tables that are loaded, and loads none.
    const loaded = backend === 'nft' ? [PROBED_TABLE] : await this.#loadedTables(null, 'ipv4');
    const table = loaded.includes(PROBED_TABLE) ? PROBED_TABLE : loaded.at(-1);
    const args = table === undefined ? [] : ['-t', table];
    try {
      await this.#throwFault(save.ipv4, await this.#run(null, save.ipv4, args), null);
    } catch (error) {
      // Rules that iptables cannot express matter only to a ruleset that concerns this very table.
      if (!(error instanceof RestoreFailed && error.fault.kind === 'unreadable')) throw error;
    }
  }

  async listNatively(fence: Fence, family: Family, table: string): Promise<string | null> {
    if (!(await this.#isLoaded(fence, family, table))) return '';
    return await listNatively(family, table, this.#options.namespace.prefix, this.#options);
  }

  async #throwFault(file: string, result: CommandResult, commitLine: number | null): Promise<void> {
    const fault = await faultOf({ file, result, commitLine, timeoutMs: this.#options.timeoutMs });
    if (fault !== null) throw new RestoreFailed(fault);
  }

  /**
   * Says whether a table is loaded. Legacy loads a table by reading it, so a table that is not loaded is not read: it is empty.
   * One that was loaded once stays so. Should somebody unload its module, then to read it loads it again, empty.
   */
  async #isLoaded(fence: Fence | null, family: Family, table: string): Promise<boolean> {
    if (this.#options.programs.backend === 'nft') return true;
    if (this.#loaded.has(`${family} ${table}`)) return true;
    for (const name of await this.#loadedTables(fence, family)) this.#loaded.add(`${family} ${name}`);
    return this.#loaded.has(`${family} ${table}`);
  }

  /** Lists the loaded tables. The kernel's file does not exist before the first table is loaded. */
  async #loadedTables(fence: Fence | null, family: Family): Promise<string[]> {
    const path = LOADED_TABLES[family];
    const result = await this.#run(fence, CAT, [path]);
    if (!result.stderr.includes(`${path}: No such file`)) await this.#throwFault(CAT, result, null);
    return result.stdout.split('\n').filter((table) => table !== '');
  }

  async #run(
    fence: Fence | null,
    file: string,
    args: string[],
    input?: string,
    environment?: Record<string, string>,
  ): Promise<CommandResult> {
    const { namespace, timeoutMs, run } = this.#options;
    const [first = file, ...rest] = [...namespace.prefix, file, ...args];
    return await run({
      file: first,
      args: rest,
      timeoutMs,
      encoding: 'latin1',
      ...(fence === null ? {} : { descriptor: fence.descriptor }),
      ...(input === undefined ? {} : { input }),
      ...(environment === undefined ? {} : { environment }),
    });
  }
}

function at(command: '-S' | '-L'): (rule: Place) => string {
  return ({ chain, position }) => `${command} ${quoteWord(chain)} ${position}`;
}
