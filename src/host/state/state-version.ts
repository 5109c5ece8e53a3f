import * as z from 'zod';
import { StateUnavailable } from '../../job/ports/stores.ts';

/** The format of all state files that have a `version`. A change that an older worker could not read needs a higher number. */
export const STATE_VERSION = 1;

const Versioned = z.object({ version: z.int() });

/**
 * Refuses a file that a newer fleetwall has written: it is not damaged, and guessing at it could do harm. So it stays as it is.
 *
 * @throws {StateUnavailable} if the file is newer
 */
export function assertNotNewer(path: string, values: unknown): void {
  const read = Versioned.safeParse(values);
  if (!read.success || read.data.version <= STATE_VERSION) return;
  throw new StateUnavailable(
    `${path} was written by a newer fleetwall (format ${read.data.version}, and this one reads up to ${STATE_VERSION}): install that version again; to stay with this one, remove the rulesets with that version first`,
  );
}
