import { fileURLToPath } from 'node:url';
import { VERSION } from '../../config/version.ts';
import { environmentName, type WorkerSettings } from '../../config/worker-settings.ts';
import type { WorkerFacts } from '../../contract/events/event.ts';
import type { RunCommand } from '../../host/command.ts';
import { followCommand } from '../../host/follow-command.ts';
import { readKernelFacts } from '../../host/kernel-facts.ts';
import { NamespaceLock } from '../../host/lock.ts';
import { LockHolder } from '../../host/lock-holder.ts';
import { runCommand } from '../../host/run-command.ts';
import { openScratchNamespace } from '../../host/scratch-namespace.ts';
import { ProgramStarters } from '../../host/starter/program-starters.ts';
import { makePrivateFolder } from '../../host/state/files.ts';
import { assertOwnFolder } from '../../host/state/own-folder.ts';
import { assertStateOfNamespace } from '../../host/state/state-folder.ts';
import { DetachedWatchdog } from '../../host/watchdog.ts';
import type { PerList } from '../../job/ports/lists.ts';
import type { Log } from '../../job/ports/log.ts';
import type { Ports } from '../../job/ports/ports.ts';
import { PacketTrials } from '../../netfilter/lab/packet-trials.ts';
import { ScratchSandbox } from '../../netfilter/sandbox/scratch-sandbox.ts';
import { Flows } from '../../netfilter/sets/flows.ts';
import { Ipset } from '../../netfilter/sets/ipset.ts';
import { Iptables } from '../../netfilter/tables/iptables.ts';
import { NftMonitor } from '../../netfilter/tables/monitor.ts';
import { openNamespace } from '../../netfilter/tables/namespace.ts';
import { findPrograms } from '../../netfilter/tables/programs.ts';

/** Whether the host could do a job now. `lock` and `backend` throw an error that says why not. */
export interface HostChecks {
  lock(): Promise<void>;
  backend(): Promise<void>;
  /** When a program was begun or ended last, by `performance.now()`. */
  lastProgress(): number;
}

/** The rules of one network namespace, and what is needed to write them. */
export type ManagedHost = Pick<
  Ports,
  | 'facts'
  | 'place'
  | 'lock'
  | 'listLocks'
  | 'firewall'
  | 'sets'
  | 'flows'
  | 'monitor'
  | 'sandbox'
  | 'packets'
  | 'watchdog'
  | 'listWatchdogs'
> & {
  checks: HostChecks;
  /** Finds the process that has the lock, if it is stopped, and signals it. */
  holder: Pick<LockHolder, 'findStopped' | 'signal'>;
  /** The same of the lock of a list. */
  listHolders: PerList<Pick<LockHolder, 'findStopped' | 'signal'>>;
  /** The programs that load the rules at boot. */
  restore: Record<'ipv4' | 'ipv6', string>;
  /** The program that loads lists at boot; `null`: there is none. */
  ipset: string | null;
  /** What to put before a command to run it in the network namespace, as for the host's own probes. */
  prefix: readonly string[];
  run: RunCommand;
};

/**
 * Looks once, at the start, for what jobs need on this host. If something is missing, the worker does not start.
 *
 * @throws {SetupError} with what to do about it
 */
export async function openHost(settings: WorkerSettings, log: Log): Promise<ManagedHost> {
  const { hostId, runDir, stateDir } = settings;
  let lastProgress = performance.now();
  const starters = new ProgramStarters(runCommand, log);
  const run: RunCommand = async (request) => {
    lastProgress = performance.now();
    return await starters.run(request).finally(() => (lastProgress = performance.now()));
  };
  const namespace = await openNamespace(settings.netns ?? null);
  const programs = await findPrograms(settings.backend, run);
  const facts: WorkerFacts = {
    version: VERSION,
    backend: programs.backend,
    iptables: programs.version,
    ...(await readKernelFacts()),
  };
  // Where it cannot be made now, jobs end with that until it can.
  await makePrivateFolder(runDir).catch((error: unknown) => {
    log.error({ error }, 'The run folder cannot be made: jobs end with that until it can');
  });
  await assertOwnFolder(runDir);
  await assertOwnFolder(stateDir);
  await assertStateOfNamespace(stateDir, settings.netns ?? null);
  const { inode, prefix } = namespace;
  const iptables = {
    programs,
    namespace,
    timeoutMs: settings.applyTimeoutSeconds * 1000,
    lockSeconds: settings.lockTimeoutSeconds,
    runDir,
    run,
  };
  const timeoutSeconds = settings.lockTimeoutSeconds;
  const locking = { runDir, inode, hostId, timeoutSeconds, starters, log };
  const lock = new NamespaceLock(locking);
  const listLocks = perList((list) => new NamespaceLock({ ...locking, list }));
  const firewall = new Iptables(iptables);
  const nft = programs.backend === 'nft' ? programs.nft : null;
  const settling = { command: SETTLE, environment: environmentOf(settings) };
  return {
    facts,
    place: `boot ${facts.bootId}, network namespace ${inode}`,
    lock,
    listLocks,
    firewall,
    sets: new Ipset({ ipset: programs.ipset, namespace, timeoutMs: iptables.timeoutMs, run }),
    flows: new Flows({ ...programs, namespace, timeoutMs: iptables.timeoutMs, run }),
    holder: new LockHolder(lock.path),
    listHolders: perList((list) => new LockHolder(listLocks.of(list).path)),
    checks: {
      lock: async () => await lock.assertFree(),
      // Not by `run`: a look from outside must not count as progress of a job.
      backend: async () => await new Iptables({ ...iptables, run: runCommand }).assertReadable(),
      lastProgress: () => lastProgress,
    },
    monitor: new NftMonitor({ nft, namespace, follow: followCommand, log }),
    sandbox: new ScratchSandbox({ ...iptables, open: openScratchNamespace }),
    packets: new PacketTrials(iptables),
    watchdog: new DetachedWatchdog(settling),
    listWatchdogs: perList(() => new DetachedWatchdog(settling)),
    restore: programs.restore,
    ipset: programs.ipset,
    prefix,
    run,
  };
}

const SETTLE = [process.execPath, fileURLToPath(new URL('../cli/main.js', import.meta.url)), 'settle'];

/** The settings for the process that settles a change after the worker has died: none of them is about the broker. */
function environmentOf(settings: WorkerSettings): Record<string, string> {
  const { hostId, backend, netns, stateDir, runDir, logLevel, logFile } = settings;
  const { lockTimeoutSeconds, applyTimeoutSeconds } = settings;
  const known = {
    hostId,
    backend,
    netns,
    stateDir,
    runDir,
    logLevel,
    logFile,
    lockTimeoutSeconds,
    applyTimeoutSeconds,
  };
  return Object.fromEntries(
    Object.entries(known).flatMap(([name, value]) =>
      value === undefined ? [] : [[environmentName(name), String(value)] as const],
    ),
  );
}

/** Makes what a list has for itself when it is first asked for. */
export function perList<T>(make: (name: string) => T): PerList<T> {
  const made = new Map<string, T>();
  return {
    of: (name) => {
      const known = made.get(name) ?? make(name);
      made.set(name, known);
      return known;
    },
  };
}
