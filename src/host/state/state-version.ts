import { z } from 'zod';
import { StateUnavailable } from '../../job/ports/stores.ts';

/** Of all files of the state that say so. A change that an older worker could not read makes it a higher number. */
export const STATE_VERSION = 1;

const Versioned = z.object({ version: z.int() });

/**
 * What a newer fleetwall wrote is neither damaged nor to be guessed at: it is left alone, and nothing is changed on its account.
 *
 * @throws {StateUnavailable}
 */
export function assertNotNewer(path: string, values: unknown): void {
  const read = Versioned.safeParse(values);
  if (!read.success || read.data.version <= STATE_VERSION) return;
  throw new StateUnavailable(
    `${path} was written by a newer fleetwall (format ${read.data.version}, and this one reads up to ${STATE_VERSION}): install that version again; to stay with this one, remove the rulesets with that version first`,
  );
}
