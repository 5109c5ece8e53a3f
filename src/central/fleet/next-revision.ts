import type { HostSelection, RulesetToPush } from './options.ts';
import { type FleetObserver, hostsOf } from './select.ts';

export interface Part {
  whom: HostSelection;
  ruleset: Omit<RulesetToPush, 'revision'> & { revision: number };
}

/**
 * `next` is the highest revision that the fleet has of a ruleset, and one. Each host is to be at the revision that it was seen at: so two
 * who take the next at the same time do not both have it, and hear of each other (`revision_conflict`).
 */
export async function nextRevisions(
  observer: FleetObserver,
  { revision, ...ruleset }: RulesetToPush,
  whom: HostSelection,
): Promise<Part[]> {
  if (revision !== 'next') return [{ whom, ruleset: { ...ruleset, revision } }];
  const { hosts: known } = await observer.fleet();
  const revisionOf = (host: string) => {
    const { rulesets = [], removed = [] } = known.get(host) ?? {};
    return [...rulesets, ...removed].find(({ name }) => name === ruleset.name)?.revision ?? 0;
  };
  const highest = Math.max(0, ...[...known.keys()].map(revisionOf));
  const byRevision = new Map<number, string[]>();
  for (const host of await hostsOf({ fleet: async () => ({ hosts: known }) }, whom)) {
    const at = revisionOf(host);
    byRevision.set(at, [...(byRevision.get(at) ?? []), host]);
  }
  return [...byRevision].map(([ifRevision, hosts]) => ({
    whom: { hosts },
    ruleset: { ...ruleset, revision: highest + 1, ifRevision },
  }));
}
