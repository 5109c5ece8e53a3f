import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where a user's commands keep what can be had again: https://specifications.freedesktop.org/basedir-spec */
export function cacheFolder({ XDG_CACHE_HOME: named = '' }: NodeJS.ProcessEnv = process.env): string {
  return join(isAbsolute(named) ? named : join(homedir(), '.cache'), 'fleetwall');
}
