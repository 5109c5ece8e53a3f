import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FileListStore } from '../../src/host/state/list-store.ts';
import type { ListRecord } from '../../src/job/ports/lists.ts';

/** A disk that fails for one call cannot be had: the look at a file that was just written fails. */
const disk = vi.hoisted(() => ({ isFailing: false }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const stat = async (...asked: Parameters<typeof real.stat>) => {
    if (disk.isFailing) throw Object.assign(new Error('EIO: i/o error, stat'), { code: 'EIO' });
    return await real.stat(...asked);
  };
  return { ...real, stat };
});

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-lists-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const record = (revision: number): ListRecord => ({
  name: 'bans',
  kind: 'deny',
  maxEntries: 1000,
  revision,
  asked: null,
  committedBy: `job ${revision}`,
  isRemoved: false,
  entries: { ipv4: revision, ipv6: 0 },
  digest: '0'.repeat(64),
  atMs: Date.now(),
  nextEndMs: null,
});

it('a list that is written is committed, though it cannot be looked at just then', async () => {
  const store = new FileListStore(folder);
  disk.isFailing = true;
  await store.prepare({ record: record(1), content: new Map([['192.0.2.1', null]]) });
  await store.place(record(1));
  disk.isFailing = false;
  const list = await store.read('bans');
  expect(list?.record.revision).toBe(1);
});
