import type { FleetLink } from '../../broker/fleet-link.ts';
import { hostJobsQueue } from '../../contract/words/names.ts';
import type { HostState } from './fleet-state.ts';

/** By the clocks of hosts, which may be a few minutes wrong. A host beats every 30 s, if nothing else is set. */
const FRESH_MS = 5 * 60_000;
const AT_ONCE = 20;

/**
 * Which of the hosts that gave no answer have said something not long ago, and consume their jobs: one that is dead is no consumer any more. A
 * worker that trusts keys drops a question that none of them has signed; and one that hangs is a consumer for a while.
 */
export async function findConsumed(
  link: Pick<FleetLink, 'isConsumed'>,
  quiet: readonly Pick<HostState, 'hostId' | 'lastSeen'>[],
  now: number,
): Promise<ReadonlySet<string>> {
  const fresh = quiet.filter(({ lastSeen }) => Math.abs(now - lastSeen.getTime()) < FRESH_MS);
  const found = new Set<string>();
  for (let from = 0; from < fresh.length; from += AT_ONCE)
    await Promise.all(
      fresh.slice(from, from + AT_ONCE).map(async ({ hostId }) => {
        if (await link.isConsumed(hostJobsQueue(hostId)).catch(() => false)) found.add(hostId);
      }),
    );
  return found;
}
