import type { Ruleset } from '../../contract/job.ts';
import { type FleetObserver, hostsOf, type Selection } from './select.ts';

/** A ruleset to be pushed. `next`: the highest revision of the fleet and one, if no host has moved on meanwhile. */
export type RulesetToPush = Omit<Partial<Ruleset>, 'revision' | 'name' | 'ifRevision'> & {
  name: string;
  revision: number | 'next';
  ifRevision?: number | undefined;
};

export interface Part {
  whom: Selection;
  ruleset: Omit<RulesetToPush, 'revision'> & { revision: number };
}

/**
 * `next` is the highest revision that the fleet has of a ruleset, and one. Each host is to be at the revision that it was seen at: so two
 * who take the next at the same time do not both have it, and hear of each other (`revision_conflict`).
 */
export async function nextRevisions(
  observer: FleetObserver,
  { revision, ...ruleset }: RulesetToPush,
  whom: Selection,
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
