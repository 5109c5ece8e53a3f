import { createRequire } from 'node:module';
import type { WorkerSettings } from '../config/worker-settings.ts';
import type { WorkerFacts } from '../contract/event.ts';
import { FileBootFiles } from '../host/boot-files.ts';
import { FileContentStore } from '../host/content-store.ts';
import { makePrivateFolder } from '../host/files.ts';
import { readKernelFacts } from '../host/kernel.ts';
import { NamespaceLock } from '../host/lock.ts';
import { FileResultStore } from '../host/result-store.ts';
import { FileRulesetStore } from '../host/ruleset-store.ts';
import { runCommand } from '../host/run-command.ts';
import { openScratchNamespace } from '../host/scratch-namespace.ts';
import type { EventPublisher, Log, Ports } from '../job/ports.ts';
import { RehearsalMemory } from '../job/rehearsal-memory.ts';
import { Iptables } from '../netfilter/iptables.ts';
import { openNamespace } from '../netfilter/namespace.ts';
import { findPrograms } from '../netfilter/programs.ts';
import { ScratchStage } from '../netfilter/rehearsal.ts';

/**
 * Looks at the host once, at the start: what a job needs is there, or the worker does not start.
 *
 * @throws {SetupError} with what to do about it
 */
export async function preparePorts(
  settings: WorkerSettings,
  events: EventPublisher,
  log: Log,
): Promise<Ports> {
  const { hostId, groups, allowUnsigned, stateDir, runDir } = settings;
  const run = runCommand;
  const namespace = await openNamespace(settings.netns ?? null);
  const programs = await findPrograms(settings.backend, run);
  const facts: WorkerFacts = {
    version: ownVersion(),
    backend: programs.backend,
    iptables: programs.version,
    ...(await readKernelFacts()),
  };
  await makePrivateFolder(runDir);
  const { inode } = namespace;
  const iptables = {
    programs,
    namespace,
    timeoutMs: settings.applyTimeoutSeconds * 1000,
    lockSeconds: settings.lockTimeoutSeconds,
    run,
  };
  return {
    identity: { hostId, groups, allowUnsigned },
    facts,
    lock: new NamespaceLock({ runDir, inode, hostId, timeoutSeconds: settings.lockTimeoutSeconds, run, log }),
    firewall: new Iptables(iptables),
    stage: new ScratchStage({ ...iptables, runDir, open: openScratchNamespace }),
    rehearsals: new RehearsalMemory(),
    rulesets: new FileRulesetStore(stateDir),
    contents: new FileContentStore(stateDir),
    boot: new FileBootFiles(stateDir),
    results: new FileResultStore(stateDir),
    events,
    log,
  };
}

function ownVersion(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  return version;
}
