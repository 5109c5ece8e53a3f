import { SetupError } from '../../config/setup-error.ts';
import { mayBeWritten, otherOwner, type Place, placesOnTheWay } from '../../system/places.ts';

/**
 * Checks that only root and the user of this process may write to a folder of the worker, or put another one in its place. Anybody else
 * could take its lock away, or make it restore rules of theirs at the next start. A folder that does not exist passes: it is made
 * private later.
 *
 * @throws {SetupError} if others may write to it
 */
export async function assertOwnFolder(path: string): Promise<void> {
  for (const place of await placesOnTheWay(path)) assertOwn(place);
}

function assertOwn(place: Place): void {
  const { path, isEnd } = place;
  const owner = otherOwner(place);
  if (owner !== null) {
    throw new SetupError(
      `${path} belongs to user ${owner}, who could change what this worker does: chown ${process.geteuid?.() ?? 0} ${path}`,
    );
  }
  if (mayBeWritten(place)) {
    throw new SetupError(
      `${path} may be written by others, who could change what this worker does: chmod ${isEnd ? '700' : 'go-w'} ${path}`,
    );
  }
}
