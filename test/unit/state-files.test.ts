import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMPLETED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import { runCommand } from '../../src/host/run-command.ts';
import { FileOutboxStore } from '../../src/host/state/outbox-store.ts';
import { StateFolder } from '../../src/host/state/state-folder.ts';
import { StateUnavailable } from '../../src/job/ports/stores.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-state-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

describe('a state folder with something in it that is no file of ours', () => {
  it('publishes the events that can be read, whatever else stands beside them', async () => {
    const store = new FileOutboxStore(folder);
    await store.put({ sequence: 7, event: COMPLETED_EXAMPLE, headers: {} });
    await mkdir(join(folder, 'outbox', '000000000000001.json'));
    await writeFile(join(folder, 'outbox', '000000000000002.json'), '{"seq');
    expect((await store.list()).map(({ sequence }) => sequence)).toEqual([7]);
  });

  it('says which, where the name of its owner cannot be read, and is claimed once that is mended', async () => {
    await mkdir(join(folder, 'owner.json'));
    const state = new StateFolder(folder, { hostId: 'web-1', netns: null }, runCommand);
    await expect(state.claim()).rejects.toThrow(`${join(folder, 'owner.json')} is a folder`);
    await rm(join(folder, 'owner.json'), { recursive: true });
    await state.claim();
    await state.assertUsable();
    await state.release();
  });

  it('is not usable, and not made anew, once it was taken away or is another one', async () => {
    const path = join(folder, 'state');
    const state = new StateFolder(path, { hostId: 'web-1', netns: null }, runCommand);
    await state.claim();
    await rename(path, join(folder, 'elsewhere'));
    await expect(state.assertUsable()).rejects.toThrow(StateUnavailable);
    expect(await readdir(folder)).toEqual(['elsewhere']);
    await mkdir(path);
    await writeFile(join(path, 'worker.lock'), '');
    await expect(state.assertUsable()).rejects.toThrow(
      `${path} is not the folder that this worker has begun with`,
    );
    await rm(path, { recursive: true });
    await rename(join(folder, 'elsewhere'), path);
    await state.assertUsable();
    await state.release();
  });

  it('is nobody’s where the name of its owner is damaged, and says whose it is from then on', async () => {
    await writeFile(join(folder, 'owner.json'), '{"host');
    const state = new StateFolder(folder, { hostId: 'web-1', netns: null }, runCommand);
    await state.claim();
    await state.release();
    const other = new StateFolder(folder, { hostId: 'web-2', netns: 'blue' }, runCommand);
    await expect(other.claim()).rejects.toThrow('holds the state of host web-1, and not of host web-2 in');
  });
});
