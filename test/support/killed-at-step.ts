import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { makeJob, TestClient } from './client.ts';
import type { TestHost } from './host.ts';

const PRELOAD = join(import.meta.dirname, 'crash-at-step.mjs');

/** The file that names the step at which the worker of a host is killed, and what its worker is started with for that. */
export function crashesOf(host: TestHost, { starts = false } = {}) {
  const file = join(host.folder, 'crash-at');
  const environment = {
    NODE_OPTIONS: `--import ${PRELOAD}`,
    FLEETWALL_TEST_CRASH: file,
    // With the starts of programs, too.
    ...(starts ? { FLEETWALL_TEST_CRASH_STARTS: 'true' } : {}),
  };
  return { file, environment };
}

/**
 * Has a job run by a worker that is killed at this step of it, and is started again then.
 *
 * @returns whether it was killed: the job may have fewer steps
 */
export async function runKilledAt(
  step: number,
  job: ReturnType<typeof makeJob>,
  { host, client, crashes }: { host: TestHost; client: TestClient; crashes: ReturnType<typeof crashesOf> },
): Promise<boolean> {
  await writeFile(crashes.file, String(step));
  await client.publish(host.id, job);
  const isKilled = await Promise.race([
    host.ended().then(() => true),
    client.completed(job.id).then(() => false),
  ]);
  await rm(crashes.file);
  if (isKilled) await host.start(crashes.environment);
  return isKilled;
}
