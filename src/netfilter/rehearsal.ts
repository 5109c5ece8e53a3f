import { join } from 'node:path';
import type { Family } from '../contract/identifiers.ts';
import { type Rehearsal, type RehearsalStage, RestoreFailed, type ScratchNamespace } from '../job/ports.ts';
import { faultOf } from './fault.ts';
import { createSets, readSetDefinition } from './ipsets.ts';
import type { IptablesOptions } from './iptables.ts';
import { NSENTER } from './namespace.ts';
import { listNatively } from './native-listing.ts';

export interface StageOptions extends IptablesOptions {
  runDir: string;
  open: () => Promise<ScratchNamespace>;
}

/**
 * Tries rules in throwaway network namespaces, on the host's own kernel and with its own iptables.
 *
 * Goals:
 * 1. The verdict is the kernel's, and so is the spelling: a real restore and a real save.
 * 2. Live rules are neither read nor written, and nobody waits for a rehearsal: it takes no lock of others, as legacy
 *    iptables is given a lock file of its own (`XTABLES_LOCKFILE`, from 1.8.6 on).
 * 3. Nothing is left, also after a crash: the namespace goes with the last process in it.
 */
export class ScratchStage implements RehearsalStage {
  readonly #options: StageOptions;
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: StageOptions) {
    this.#options = options;
  }

  async readSets(names: readonly string[]): Promise<string> {
    const { programs, namespace, run } = this.#options;
    const { ipset } = programs;
    if (names.length === 0 || ipset === null) return '';
    const read = names.map((name) => readSetDefinition(name, ipset, namespace.prefix, run));
    return (await Promise.all(read)).join('');
  }

  async within<T>(sets: string, work: (rehearsal: Rehearsal) => Promise<T>): Promise<T> {
    const running = this.#within(sets, work);
    this.#running.add(running);
    return await running.finally(() => this.#running.delete(running));
  }

  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #within<T>(sets: string, work: (rehearsal: Rehearsal) => Promise<T>): Promise<T> {
    const { programs, open, run } = this.#options;
    const scratch = await open();
    const prefix = [NSENTER, `--net=/proc/${scratch.pid}/ns/net`, '--'];
    try {
      if (sets !== '' && programs.ipset !== null) await createSets(sets, programs.ipset, prefix, run);
      return await work(this.#rehearsal(prefix));
    } finally {
      await scratch.letGo();
    }
  }

  #rehearsal(prefix: readonly string[]): Rehearsal {
    const { programs, timeoutMs, lockSeconds, run, runDir } = this.#options;
    const start = async (program: string, own: readonly string[], input?: string) => {
      const [file = program, ...args] = [...prefix, program, ...own];
      const environment = { XTABLES_LOCKFILE: join(runDir, 'rehearsal.xtables-lock') };
      const result = await run({
        file,
        args,
        environment,
        timeoutMs,
        ...(input === undefined ? {} : { input }),
      });
      const commitLine = input === undefined ? null : input.split('\n').length - 1;
      const fault = await faultOf({ file: program, result, commitLine, timeoutMs });
      if (fault !== null) throw new RestoreFailed(fault);
      return result.stdout;
    };
    return {
      restore: async (family: Family, text: string) => {
        await start(programs.restore[family], ['-w', String(lockSeconds)], text);
      },
      save: async (family: Family, table: string) => await start(programs.save[family], ['-t', table]),
      listNatively: async (family: Family, table: string) =>
        programs.nft === null ? '' : await listNatively(family, table, programs.nft, prefix, this.#options),
    };
  }
}
