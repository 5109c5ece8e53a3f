import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { RootFolder } from './root-folder.ts';

export const BUILD = join(import.meta.dirname, '../../docker/debian/build');
export const NEXT_VERSION = '999.0.0';

/** The paths of the Debian package and of one with a later version. Both are made once for all tests of a run. */
export async function makePackages(folder: string): Promise<[string, string]> {
  const output = join(folder, 'packages');
  await mkdir(output, { recursive: true });
  if ((await readdir(output)).length === 0) {
    await execa(BUILD, [output]);
    await execa(BUILD, ['--version', NEXT_VERSION, output]);
  }
  const [first, next, ...others] = (await readdir(output)).toSorted();
  if (first === undefined || next !== `fleetwall_${NEXT_VERSION}-1_all.deb` || others.length > 0) {
    throw new Error(`there should be two packages in ${output}`);
  }
  return [join(output, first), join(output, next)];
}

/** Puts a file where programs of the folder find it. @returns its path there */
export async function bring(root: RootFolder, file: string): Promise<string> {
  const path = join('/opt', file.slice(file.lastIndexOf('/') + 1));
  await cp(file, join(root.path, path));
  return path;
}
