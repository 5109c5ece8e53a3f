import type { Family } from '../../contract/words/identifiers.ts';
import { openScratchProgram } from '../../host/scratch-namespace.ts';
import { RestoreFailed } from '../../job/ports/firewall.ts';
import {
  type LabRequest,
  type LiveState,
  type PacketLab,
  type Packets,
  PacketsUnavailable,
  type RouteTo,
  type Way,
} from '../../job/ports/packets.ts';
import { objectNames } from '../../ruleset/trial/objects.ts';
import { makeObjects, readObjects } from '../sandbox/sandbox-objects.ts';
import { withOwnTimers } from '../sandbox/timer-labels.ts';
import { faultOf } from '../tables/fault.ts';
import type { IptablesOptions } from '../tables/iptables.ts';
import { NSENTER } from '../tables/namespace.ts';
import { findProgram } from '../tables/programs.ts';
import { readingLock, rehearsalLock } from '../tables/xtables-lock.ts';
import { cannotStand } from './cannot-stand.ts';
import { type RunThere, readPicture } from './host-picture.ts';
import { askRoutes, readRoutes } from './host-routes.ts';
import { PacketHelper } from './packet-helper.ts';
import { type LabParts, openLab } from './packet-lab.ts';
import { HELPER_PROGRAM } from './packet-program.ts';

const TIMEOUT_MS = 30_000;
/** Of a set, to make packets that are in it, and such as are not. */
const MOST_ENTRIES = 16;

/**
 * Tries packets in throwaway network namespaces that look like the host. As {@link ScratchSandbox}, it writes no live rules, and
 * leaves nothing behind however the worker ends.
 */
export class PacketTrials implements Packets {
  readonly #options: IptablesOptions;

  constructor(options: IptablesOptions) {
    this.#options = options;
  }

  async look(): Promise<LiveState> {
    const ip = await programOf('ip', 'iproute2');
    const [picture, ipv4, ipv6, missing] = await Promise.all([
      readPicture(ip, this.#onHost()),
      this.#saveHost('ipv4'),
      this.#saveHost('ipv6'),
      cannotStand(ip, this.#options.programs, this.#onHost()),
    ]);
    const unreadable = [ipv4, ipv6].flatMap((text) => [...text.matchAll(/^# (Table .* incompatible.*)$/gm)]);
    const notes = unreadable.map(
      ([, said]) => `rules that only nft can show do not stand in the rehearsal: ${said}`,
    );
    return { picture, saved: { ipv4, ipv6 }, missing: [...missing, ...notes] };
  }

  async routesTo(addresses: readonly string[]): Promise<Map<string, RouteTo>> {
    return await readRoutes(addresses, await programOf('ip', 'iproute2'), this.#onHost());
  }

  async routesOf(ways: readonly Way[]): Promise<[Way, RouteTo][]> {
    return await askRoutes(ways, await programOf('ip', 'iproute2'), this.#onHost());
  }

  async entriesOf(sets: readonly string[]): Promise<Map<string, readonly string[]>> {
    const { ipset } = this.#options.programs;
    const entries = new Map<string, readonly string[]>();
    for (const name of ipset === null ? [] : sets) {
      const { stdout } = await this.#onHost()(ipset ?? '', ['save', name]);
      const found = [...stdout.matchAll(/^add \S+ (\S+)/gm)].slice(0, MOST_ENTRIES);
      entries.set(
        name,
        found.map(([, entry = '']) => entry),
      );
    }
    return entries;
  }

  async open(request: LabRequest): Promise<PacketLab> {
    const [ip, perl] = await Promise.all([programOf('ip', 'iproute2'), programOf('perl', 'perl-base')]);
    const parts: LabParts = {
      helper: (place) =>
        new PacketHelper(place, (onLine) => openScratchProgram([perl, '-e', HELPER_PROGRAM], onLine)),
      ip,
      rules: (pid) => this.#rulesIn([NSENTER, `--net=/proc/${pid}/ns/net`, '--']),
    };
    return await openLab(request, parts);
  }

  #onHost(): RunThere {
    return this.#run(this.#options.namespace.prefix);
  }

  #run(prefix: readonly string[]): RunThere {
    const { run } = this.#options;
    return async (program, own, input) => {
      const [file = program, ...args] = [...prefix, program, ...own];
      const encoding = 'latin1';
      return await run({
        file,
        args,
        timeoutMs: TIMEOUT_MS,
        encoding,
        ...(input === undefined ? {} : { input }),
      });
    };
  }

  async #saveHost(family: Family): Promise<string> {
    const { programs, namespace, runDir } = this.#options;
    return await this.#iptables(namespace.prefix, programs.save[family], [], readingLock(runDir));
  }

  async #iptables(
    prefix: readonly string[],
    program: string,
    own: readonly string[],
    environment: Record<string, string>,
    input?: string,
  ): Promise<string> {
    const { timeoutMs, run } = this.#options;
    const [file = program, ...args] = [...prefix, program, ...own];
    const more = input === undefined ? {} : { input };
    const result = await run({ file, args, environment, timeoutMs, encoding: 'latin1', ...more });
    const commitLine = input === undefined ? null : input.split('\n').length - 1;
    const fault = await faultOf({ file: program, result, commitLine, timeoutMs });
    if (fault !== null) throw new RestoreFailed(fault);
    return result.stdout;
  }

  #rulesIn(prefix: readonly string[]): ReturnType<LabParts['rules']> {
    const { programs, lockSeconds, run, runDir, namespace } = this.#options;
    const environment = rehearsalLock(runDir);
    const wait = ['-w', String(lockSeconds)];
    const restore = (more: readonly string[]) => async (family: Family, text: string) => {
      await this.#iptables(prefix, programs.restore[family], [...wait, ...more], environment, text);
    };
    const saveAll = async (family: Family) =>
      await this.#iptables(prefix, programs.save[family], ['-c'], environment);
    // Labels of timers belong to the machine: the same stands in for one in all that is restored here.
    const timers = withOwnTimers({
      restore: async (family, text) =>
        await (text.startsWith(UNFLUSHED)
          ? restore(['-n'])(family, text.slice(UNFLUSHED.length))
          : restore([])(family, text)),
      saveAll,
      save: saveAll,
      listNatively: async () => '',
    });
    return {
      restore: async (family, text) => await timers.restore(family, text),
      saveAll: async (family) => await timers.saveAll(family),
      write: async (family, text) => await timers.restore(family, UNFLUSHED + text),
      makeObjects: async (texts) => {
        const names = objectNames(texts.flatMap((text) => text.split('\n')));
        const objects = await readObjects(names, { programs, prefix: namespace.prefix, run });
        await makeObjects({ ...objects, estimators: [] }, programs, prefix, run);
        if (objects.sets.length > 0) await this.#fillSets(names.sets, prefix);
      },
    };
  }

  /** With what is in them on the host. */
  async #fillSets(names: readonly string[], prefix: readonly string[]): Promise<void> {
    const { ipset } = this.#options.programs;
    if (ipset === null) return;
    for (const name of names) {
      const { stdout, exitCode } = await this.#onHost()(ipset, ['save', name]);
      if (exitCode !== 0) continue;
      const { exitCode: status, stderr } = await this.#run(prefix)(ipset, ['-exist', 'restore'], stdout);
      if (status !== 0)
        throw new PacketsUnavailable(`the set ${name} cannot be made in a rehearsal: ${stderr.trim()}`);
    }
  }
}

const UNFLUSHED = '# only what is named\n';

async function programOf(name: string, from: string): Promise<string> {
  const found = await findProgram(name);
  if (found === null)
    throw new PacketsUnavailable(
      `the program ${name} is not installed, and tests need it: install the package ${from}`,
    );
  return found;
}
