import { stat } from 'node:fs/promises';
import { SetupError } from '../../config/setup-error.ts';

const OTHERS_WRITE = 0o022;

/**
 * Whoever may write to the worker's folders could take its lock, or have it restore what they like at the next start.
 *
 * @throws {SetupError} if that is anybody but its user and root; a folder that is not there yet is made private
 */
export async function assertOwnFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  const me = process.geteuid?.() ?? 0;
  if (found.uid !== me && found.uid !== 0) {
    throw new SetupError(
      `${path} belongs to user ${found.uid}, who could change what this worker does: chown ${me} ${path}`,
    );
  }
  if ((found.mode & OTHERS_WRITE) !== 0) {
    throw new SetupError(
      `${path} may be written by others, who could change what this worker does: chmod 700 ${path}`,
    );
  }
}
