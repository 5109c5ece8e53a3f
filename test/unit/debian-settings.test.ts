import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load-settings.ts';
import { SETTING_NAMES } from '../../src/config/worker-settings.ts';

const FILE = join(import.meta.dirname, '../../docker/debian/worker.yaml');

/** The settings file of the Debian package, in which each setting is a comment. */
describe('worker.yaml', () => {
  let folder: string;
  let settings: string[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-settings-'));
    settings = (await readFile(FILE, 'utf8')).split('\n').filter((line) => /^#\w+: /.test(line));
  });
  afterAll(async () => await rm(folder, { recursive: true }));

  it('sets nothing before it is edited', async () => {
    const asItIs = await loadSettings({ flags: {}, environment: {}, configFile: FILE });
    const empty = join(folder, 'empty.yaml');
    await writeFile(empty, '');
    expect(asItIs).toEqual(await loadSettings({ flags: {}, environment: {}, configFile: empty }));
  });

  it('has every setting, with its default or with what can be set', async () => {
    const names = settings.map((line) => line.slice(1, line.indexOf(':')));
    expect(names.toSorted()).toEqual(SETTING_NAMES.toSorted());
    // Files that are named as examples do not exist.
    const values = settings.filter((line) => !line.includes('/etc/')).map((line) => line.slice(1));
    const all = join(folder, 'all.yaml');
    await writeFile(all, values.join('\n'));
    const read = await loadSettings({ flags: {}, environment: {}, configFile: all });
    expect(read).toMatchObject({
      hostId: 'web-1',
      groups: ['web', 'prod'],
      drift: 'report',
      stateDir: '/var/lib/fleetwall',
    });
  });
});
