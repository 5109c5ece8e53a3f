import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where a user's programs keep what they have to remember: https://specifications.freedesktop.org/basedir-spec/latest/ */
export function userStateFolder({ XDG_STATE_HOME: named = '' }: NodeJS.ProcessEnv = process.env): string {
  return join(isAbsolute(named) ? named : join(homedir(), '.local/state'), 'fleetwall');
}
