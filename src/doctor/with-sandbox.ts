import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openScratchNamespace } from '../host/scratch-namespace.ts';
import { ScratchSandbox } from '../netfilter/rehearsal.ts';
import type { Examined } from './finding.ts';

/** Where rules can be tried. */
export async function withSandbox<T>(
  host: Examined,
  work: (sandbox: ScratchSandbox) => Promise<T>,
): Promise<T> {
  // For the lock of the rehearsals: the worker's own folder may not be there yet, and is not to be made by looking.
  const runDir = await mkdtemp(join(tmpdir(), 'fleetwall-doctor-'));
  const { applyTimeoutSeconds, lockTimeoutSeconds } = host.settings;
  const limits = { timeoutMs: applyTimeoutSeconds * 1000, lockSeconds: lockTimeoutSeconds };
  try {
    return await work(new ScratchSandbox({ ...host, ...limits, runDir, open: openScratchNamespace }));
  } finally {
    await rm(runDir, { recursive: true });
  }
}
