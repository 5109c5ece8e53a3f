import { LOOK_BACK_MS, type Operator } from '../ask/operator.ts';
import { NoSuchRollout } from '../messages/errors.ts';
import { RolloutLog } from './rollout-log.ts';
import type { RolloutOptions } from './rollout-options.ts';

/** Most are found there. To read all of the log takes long in a large fleet. */
export const RECENT_MS = 7 * 24 * 3_600_000;

/** Looks further back only for one that is not found among the recent ones. @throws {NoSuchRollout} */
export async function findRollout(
  { link, reader }: Pick<Operator, 'reader'> & { link: Pick<Operator['link'], 'read' | 'publish'> },
  rolloutId: string,
  { since, signal }: RolloutOptions,
): Promise<RolloutLog> {
  const find = async (from: Date) => await RolloutLog.find(link, reader, rolloutId, { since: from }, signal);
  if (since !== undefined) return await find(since);
  const now = Date.now();
  return await find(new Date(now - RECENT_MS)).catch(async (error: unknown) => {
    if (!(error instanceof NoSuchRollout)) throw error;
    return await find(new Date(now - LOOK_BACK_MS));
  });
}
