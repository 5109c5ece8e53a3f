import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { COMPLETED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import { FileHostClock } from '../../src/host/state/host-clock.ts';
import { FileResultStore } from '../../src/host/state/result-store.ts';
import { silentLog } from '../../src/log/logger.ts';

it('the memory of jobs is not lost by a clock that was set forward: only their number counts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fleetwall-results-'));
  try {
    const store = new FileResultStore(join(folder, 'results'), await FileHostClock.open(folder, silentLog()));
    const ids = Array.from({ length: 3 }, () => randomUUID());
    for (const id of ids) await store.put(id, COMPLETED_EXAMPLE);
    const longAgo = new Date(Date.now() - 400 * 24 * 60 * 60 * 1000);
    for (const name of await readdir(join(folder, 'results')))
      await utimes(join(folder, 'results', name), longAgo, longAgo);
    await store.prune();
    for (const id of ids) expect(await store.find(id)).not.toBeNull();
  } finally {
    await rm(folder, { recursive: true });
  }
});
