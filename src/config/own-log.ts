import { otherOwner, placesOnTheWay } from '../system/places.ts';
import { SetupError } from './setup-error.ts';

/**
 * Checks that no other user can have the log written to a file of somebody else's, by a link of theirs, or by a folder of theirs in which they put one.
 * That a group may write to its folder, as to that of other logs, is right.
 *
 * @throws {SetupError} naming whose it is
 */
export async function assertOwnLog(file: string): Promise<void> {
  for (const place of await placesOnTheWay(file)) {
    const owner = otherOwner(place);
    // Who owns the log itself may read it, and no more.
    if (owner === null || (place.isEnd && place.found.isFile())) continue;
    throw new SetupError(
      `${place.path} belongs to user ${owner}, who could have the log ${file} written to any file: chown ${process.geteuid?.() ?? 0} ${place.path}, or choose another place (FLEETWALL_LOG_FILE)`,
    );
  }
}
