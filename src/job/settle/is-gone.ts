import { FAMILIES } from '../../contract/words/identifiers.ts';
import { extractOwned } from '../../ruleset/plan/owned.ts';
import { perFamily } from '../../ruleset/tables.ts';
import { concernOf, takeSnapshot } from '../plan/snapshot.ts';
import type { PendingChange } from '../ports/pending.ts';
import type { HostSession } from '../ports/session.ts';

/**
 * Says whether what a change made went with its network namespace. The number of that is soon given to another one, as to that of a
 * container which is started anew: so it is gone, too, if nothing is live of what was there when its window was opened.
 */
export async function isGone(change: PendingChange, { ports, rules }: HostSession): Promise<boolean> {
  if (change.place !== ports.place) return true;
  const after = change.window?.after ?? null;
  if (after === null || after.live === null || after.claims.chains.length === 0) return false;
  const { scope, claims } = after;
  const nothing = perFamily(() => new Map());
  const live = await takeSnapshot(rules, concernOf({ wanted: nothing, claims, neighbours: [] }));
  return FAMILIES.every((family) => extractOwned({ scope, claims, family, live: live[family] }).size === 0);
}
