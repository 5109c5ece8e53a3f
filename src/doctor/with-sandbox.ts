import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkerSettings } from '../config/worker-settings.ts';
import { openScratchNamespace } from '../host/scratch-namespace.ts';
import { ScratchSandbox } from '../netfilter/sandbox/scratch-sandbox.ts';
import type { Examined } from './finding.ts';

/** Does work with a sandbox in which rules can be tried. */
export async function withSandbox<T>(
  host: Examined,
  work: (sandbox: ScratchSandbox) => Promise<T>,
): Promise<T> {
  const { applyTimeoutSeconds, lockTimeoutSeconds } = host.settings;
  const limits = { timeoutMs: applyTimeoutSeconds * 1000, lockSeconds: lockTimeoutSeconds };
  return await withLockFolder(
    host.settings,
    async (runDir) =>
      await work(new ScratchSandbox({ ...host, ...limits, runDir, open: openScratchNamespace })),
  );
}

/**
 * Does work with a folder for the locks of programs that only read or rehearse. The worker's own folder may not exist yet, and a look
 * must not make it. Where the root cannot be written, as in a container, there may be no place for temporary files but one of these.
 *
 * @throws {Error} of the system if a folder can be made nowhere
 */
export async function withLockFolder<T>(
  { runDir }: Pick<WorkerSettings, 'runDir'>,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await makeFolder([tmpdir(), '/dev/shm', runDir]);
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function makeFolder([first = tmpdir(), ...others]: readonly string[]): Promise<string> {
  try {
    return await mkdtemp(join(first, 'fleetwall-doctor-'));
  } catch (error) {
    if (others.length === 0) throw error;
    return await makeFolder(others);
  }
}
