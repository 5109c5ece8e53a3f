import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SetupError } from '../../config/setup-error.ts';

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Checks that only root and the user of this process may write to a folder of the worker, or put another one in its place. Anybody else
 * could take its lock away, or make it restore rules of theirs at the next start. A folder that does not exist passes: it is made
 * private later.
 *
 * @throws {SetupError} if others may write to it
 */
export async function assertOwnFolder(path: string): Promise<void> {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    await assertOwn(folder, STICKY);
  }
  await assertOwn(path, 0);
}

/** @param harmless a mode with which others may write: in a sticky folder, such as /tmp, nobody can replace what is another's */
async function assertOwn(path: string, harmless: number): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  const me = process.geteuid?.() ?? 0;
  if (found.uid !== me && found.uid !== 0) {
    throw new SetupError(
      `${path} belongs to user ${found.uid}, who could change what this worker does: chown ${me} ${path}`,
    );
  }
  if ((found.mode & OTHERS_WRITE) !== 0 && (found.mode & harmless) === 0) {
    throw new SetupError(
      `${path} may be written by others, who could change what this worker does: chmod ${harmless === 0 ? '700' : 'go-w'} ${path}`,
    );
  }
}
