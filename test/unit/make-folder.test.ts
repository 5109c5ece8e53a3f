import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/system/make-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-folders-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

describe('a folder', () => {
  it('is made with those above it, each for its owner only, and is left as it is where it is there', async () => {
    const path = join(folder, 'one', 'two', 'three');
    await Promise.all([makeFolder(path, 0o700), makeFolder(`${path}/`, 0o700)]);
    for (const each of [join(folder, 'one'), join(folder, 'one', 'two'), path])
      expect((await stat(each)).mode & 0o777).toBe(0o700);
    await makeFolder(path, 0o755);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('that cannot be made although the one above is there is an error of the system', async () => {
    await expect(makeFolder('/proc/x/y')).rejects.toMatchObject({ code: 'ENOENT', path: '/proc/x' });
    await writeFile(join(folder, 'file'), '');
    await expect(makeFolder(join(folder, 'file', 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
