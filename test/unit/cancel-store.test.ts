import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileCancelStore } from '../../src/host/state/cancel-store.ts';

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'fleetwall-cancels-'));
});
afterEach(async () => await rm(stateDir, { recursive: true }));

/** The files that have this job. */
async function filesOf(jobId: string): Promise<string[]> {
  const names = await readdir(stateDir, { recursive: true });
  return names.filter((name) => name.endsWith(`${jobId}.json`)).map((name) => join(stateDir, name));
}

const KEPT = 100;

/** Cancels more jobs than are kept, of which nobody has heard. */
async function flood(...kids: string[]): Promise<void> {
  const store = new FileCancelStore(stateDir, KEPT);
  for (let count = 0; count < 1.2 * KEPT; count += 1) await store.add(randomUUID(), kids);
}

/** Cancels a job a minute ago, so that it is the oldest of all. */
async function cancelBefore(jobId: string, ...kids: string[]): Promise<void> {
  await new FileCancelStore(stateDir).add(jobId, kids);
  const then = new Date(Date.now() - 60_000);
  for (const file of await filesOf(jobId)) await utimes(file, then, then);
}

describe('a cancelled job', () => {
  it('is remembered with all who have asked, over a restart, in upper and lower case', async () => {
    const jobId = randomUUID();
    const store = new FileCancelStore(stateDir);
    expect(await store.find(jobId)).toBe(null);
    await store.add(jobId.toUpperCase(), []);
    await store.add(jobId, ['b', 'a']);
    await store.add(jobId, ['a', 'b']);
    await store.add(jobId, ['b']);
    for (const one of [store, new FileCancelStore(stateDir)]) {
      const { by = [] } = (await one.find(jobId)) ?? {};
      expect(by).toHaveLength(3);
      expect(by).toEqual(expect.arrayContaining([[], ['a', 'b'], ['b']]));
    }
    expect(await store.find(randomUUID())).toBe(null);
  });

  it('is not forgotten for the many that another key cancels', async () => {
    const [byHigh, byBoth, unsigned, byLow] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    await cancelBefore(byHigh, 'high');
    await cancelBefore(byBoth, 'high', 'low');
    await cancelBefore(unsigned);
    await cancelBefore(byLow, 'low');
    await flood('low');
    const store = new FileCancelStore(stateDir, KEPT);
    expect(await store.find(byHigh)).toEqual({ jobId: byHigh, by: [['high']] });
    expect(await store.find(byBoth)).toEqual({ jobId: byBoth, by: [['high', 'low']] });
    expect(await store.find(unsigned)).toEqual({ jobId: unsigned, by: [[]] });
    expect(await store.find(byLow)).toBe(null);
  });

  it('is not forgotten however many other keys have cancelled it, alone and together', async () => {
    const jobId = randomUUID();
    const store = new FileCancelStore(stateDir);
    for (let some = 1; some < 32; some += 1)
      await store.add(
        jobId,
        ['a', 'b', 'c', 'd', 'e'].filter((_, bit) => (some & (1 << bit)) !== 0),
      );
    await store.add(jobId, ['high']);
    expect((await store.find(jobId))?.by).toContainEqual(['high']);
  });

  it('that a worker before has noted is still known', async () => {
    const jobId = randomUUID();
    await mkdir(join(stateDir, 'cancelled'));
    await writeFile(join(stateDir, 'cancelled', `${jobId}.json`), JSON.stringify({ jobId, by: [['high']] }));
    expect((await new FileCancelStore(stateDir).find(jobId))?.by).toEqual([['high']]);
  });
});
