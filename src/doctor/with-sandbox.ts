import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openScratchNamespace } from '../host/scratch-namespace.ts';
import { ScratchSandbox } from '../netfilter/scratch-sandbox.ts';
import type { Examined } from './finding.ts';

/** Does work with a sandbox in which rules can be tried. */
export async function withSandbox<T>(
  host: Examined,
  work: (sandbox: ScratchSandbox) => Promise<T>,
): Promise<T> {
  // For the lock of rehearsals. The worker's own folder may not exist yet, and a look must not make it.
  const runDir = await mkdtemp(join(tmpdir(), 'fleetwall-doctor-'));
  const { applyTimeoutSeconds, lockTimeoutSeconds } = host.settings;
  const limits = { timeoutMs: applyTimeoutSeconds * 1000, lockSeconds: lockTimeoutSeconds };
  try {
    return await work(new ScratchSandbox({ ...host, ...limits, runDir, open: openScratchNamespace }));
  } finally {
    await rm(runDir, { recursive: true });
  }
}
