import type { Family } from '../../contract/words/identifiers.ts';
import { RestoreFailed } from '../../job/ports/firewall.ts';
import {
  type Expected,
  type Rehearsal,
  type Sandbox,
  type SandboxObjects,
  type ScratchNamespace,
} from '../../job/ports/sandbox.ts';
import { splitWords } from '../../ruleset/text/split-words.ts';
import type { ObjectNames } from '../../ruleset/trial/objects.ts';
import { faultOf } from '../tables/fault.ts';
import type { IptablesOptions } from '../tables/iptables.ts';
import { NSENTER } from '../tables/namespace.ts';
import { listNatively } from '../tables/native-listing.ts';
import { rehearsalLock } from '../tables/xtables-lock.ts';
import { firstAtOnce } from './rehearse-at-once.ts';
import { makeObjects, readObjects } from './sandbox-objects.ts';
import { withOwnTimers } from './timer-labels.ts';

export interface SandboxOptions extends IptablesOptions {
  open: () => Promise<ScratchNamespace>;
}

/**
 * Tries rules in throwaway network namespaces, on the host's own kernel and with its own iptables.
 *
 * Goals:
 * 1. The verdict and the spelling are the kernel's: a real restore and a real save.
 * 2. A rehearsal writes no live rules and keeps nobody waiting. Legacy iptables has its own lock file for it
 *    (`XTABLES_LOCKFILE`, from 1.8.6 on).
 * 3. Nothing is left, even after a crash: the namespace ends with the last process in it.
 */
export class ScratchSandbox implements Sandbox {
  readonly #options: SandboxOptions;
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  async readObjects(names: ObjectNames): Promise<SandboxObjects> {
    const { programs, namespace, run } = this.#options;
    return await readObjects(names, { programs, prefix: namespace.prefix, run });
  }

  async within<T>(
    objects: SandboxObjects,
    work: (rehearsal: Rehearsal) => Promise<T>,
    expected: Expected = { isOneTable: false, isOneFamily: false },
  ): Promise<T> {
    const running = this.#within(objects, work, expected);
    this.#running.add(running);
    return await running.finally(() => this.#running.delete(running));
  }

  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #within<T>(
    objects: SandboxObjects,
    work: (rehearsal: Rehearsal) => Promise<T>,
    { isOneTable, isOneFamily }: Expected,
  ): Promise<T> {
    const { programs, open, run, lockSeconds, timeoutMs, runDir } = this.#options;
    let scratch: ScratchNamespace | null = null;
    const opened = async () => {
      scratch = await open();
      const prefix = [NSENTER, `--net=/proc/${scratch.pid}/ns/net`, '--'];
      await makeObjects(objects, programs, prefix, run);
      return this.#rehearsal(prefix);
    };
    try {
      const environment = rehearsalLock(runDir);
      const atOnce = { programs, isOneFamily, environment, lockSeconds, timeoutMs, run };
      const rehearsal = withOwnTimers(
        isOneTable && hasNone(objects) ? firstAtOnce(atOnce, opened) : await opened(),
      );
      return await work(
        objects.estimators.length === 0 ? rehearsal : await withEstimators(objects, rehearsal),
      );
    } finally {
      await (scratch as ScratchNamespace | null)?.letGo();
    }
  }

  #rehearsal(prefix: readonly string[]): Rehearsal {
    const { programs, timeoutMs, lockSeconds, run, runDir } = this.#options;
    const start = async (program: string, own: readonly string[], input?: string) => {
      const [file = program, ...args] = [...prefix, program, ...own];
      const environment = rehearsalLock(runDir);
      const result = await run({
        file,
        args,
        environment,
        timeoutMs,
        encoding: 'latin1',
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
      saveAll: async (family: Family, more) =>
        await start(programs.save[family], more?.counters === true ? ['-c'] : []),
      listNatively: async (family: Family, table: string) =>
        (await listNatively(family, table, prefix, this.#options)) ?? '',
    };
  }
}

function hasNone({ sets, accounts, estimators, timeouts }: SandboxObjects): boolean {
  return [sets, accounts, estimators, timeouts].every((list) => list.length === 0);
}

/**
 * Makes the rate estimators before the first restore. Only rules can make them, so their rules go into the other family, where
 * they are not among the rules that are tried.
 */
async function withEstimators({ estimators }: SandboxObjects, rehearsal: Rehearsal): Promise<Rehearsal> {
  const rules = estimators.map((spec) => `-A PREROUTING ${spec}`);
  const text = ['*mangle', ...rules, 'COMMIT', ''].join('\n');
  let isMade = false;
  return {
    ...rehearsal,
    restore: async (family, tried) => {
      if (!isMade) await rehearsal.restore(family === 'ipv4' ? 'ipv6' : 'ipv4', text);
      isMade = true;
      await rehearsal.restore(family, tried);
    },
    saveAll: async (family, more) => withoutRules(await rehearsal.saveAll(family, more), rules),
  };
}

/** Takes the lines of these rules out of a save. A save prints names without quotes, so lines are compared by their words. */
function withoutRules(saved: string, rules: readonly string[]): string {
  const printed = new Set(rules.map((rule) => splitWords(rule).join(' ')));
  return saved
    .split('\n')
    .filter((line) => !printed.has(line))
    .join('\n');
}
