import { resolve } from 'node:path';
import { helpOf } from './setting-help.ts';
import { SETTINGS, type SettingName } from './worker-settings.ts';

/**
 * A setting as it was given; of one that is a file, the absolute path: what is read again later must be the same file.
 *
 * @param folder in which a relative path begins; by default, that of this process
 */
export function resolveFile<T>(setting: SettingName, given: T, folder = '.'): T | string {
  const isFile = helpOf(SETTINGS.shape[setting]).value === 'file';
  return isFile && typeof given === 'string' && given !== '' ? resolve(folder, given) : given;
}
