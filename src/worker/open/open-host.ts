import { fileURLToPath } from 'node:url';
import { VERSION } from '../../config/version.ts';
import { environmentName, type WorkerSettings } from '../../config/worker-settings.ts';
import type { WorkerFacts } from '../../contract/event.ts';
import type { RunCommand } from '../../host/command.ts';
import { followCommand } from '../../host/follow-command.ts';
import { readKernelFacts } from '../../host/kernel-facts.ts';
import { NamespaceLock } from '../../host/lock.ts';
import { LockHolder } from '../../host/lock-holder.ts';
import { runCommand } from '../../host/run-command.ts';
import { openScratchNamespace } from '../../host/scratch-namespace.ts';
import { makePrivateFolder } from '../../host/state/files.ts';
import { assertOwnFolder } from '../../host/state/own-folder.ts';
import { DetachedWatchdog } from '../../host/watchdog.ts';
import type { Log } from '../../job/ports/log.ts';
import type { Ports } from '../../job/ports/ports.ts';
import { Iptables } from '../../netfilter/iptables.ts';
import { NftMonitor } from '../../netfilter/monitor.ts';
import { openNamespace } from '../../netfilter/namespace.ts';
import { findPrograms } from '../../netfilter/programs.ts';
import { ScratchSandbox } from '../../netfilter/rehearsal.ts';

/** Whether the host would do a job now. Each throws what the person has to know if it would not. */
export interface HostChecks {
  lock(): Promise<void>;
  backend(): Promise<void>;
  /** When a program was begun or ended last, by `performance.now()`. */
  lastProgress(): number;
}

/** The rules of one network namespace, and what is needed to write them. */
export type ManagedHost = Pick<
  Ports,
  'facts' | 'place' | 'lock' | 'firewall' | 'monitor' | 'sandbox' | 'watchdog'
> & {
  checks: HostChecks;
  /** Who has the lock. */
  holder: Pick<LockHolder, 'findStopped' | 'signal'>;
  /** The program that loads the rules at boot … */
  restore: Record<'ipv4' | 'ipv6', string>;
  /** … and what runs the host's own probes in the namespace. */
  prefix: readonly string[];
  run: RunCommand;
};

/**
 * Looks at the host once, at the start: what a job needs is there, or the worker does not start.
 *
 * @throws {SetupError} with what to do about it
 */
export async function openHost(settings: WorkerSettings, log: Log): Promise<ManagedHost> {
  const { hostId, runDir, stateDir } = settings;
  let lastProgress = performance.now();
  const run: RunCommand = async (request) => {
    lastProgress = performance.now();
    return await runCommand(request).finally(() => (lastProgress = performance.now()));
  };
  const namespace = await openNamespace(settings.netns ?? null);
  const programs = await findPrograms(settings.backend, run);
  const facts: WorkerFacts = {
    version: VERSION,
    backend: programs.backend,
    iptables: programs.version,
    ...(await readKernelFacts()),
  };
  await makePrivateFolder(runDir);
  await assertOwnFolder(runDir);
  await assertOwnFolder(stateDir);
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
  const lock = new NamespaceLock({ runDir, inode, hostId, timeoutSeconds, run, log });
  const firewall = new Iptables(iptables);
  const nft = programs.backend === 'nft' ? programs.nft : null;
  return {
    facts,
    place: `boot ${facts.bootId}, network namespace ${inode}`,
    lock,
    firewall,
    holder: new LockHolder(lock.path),
    checks: {
      lock: async () => await lock.assertFree(),
      // That somebody looks is no progress of a job.
      backend: async () => await new Iptables({ ...iptables, run: runCommand }).assertReadable(),
      lastProgress: () => lastProgress,
    },
    monitor: new NftMonitor({ nft, namespace, follow: followCommand, log }),
    sandbox: new ScratchSandbox({ ...iptables, open: openScratchNamespace }),
    watchdog: new DetachedWatchdog({ command: SETTLE, environment: environmentOf(settings) }),
    restore: programs.restore,
    prefix,
    run,
  };
}

const SETTLE = [process.execPath, fileURLToPath(new URL('../cli/main.js', import.meta.url)), 'settle'];

/** What a process needs to know that settles a change after the worker: no word of the broker. */
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
