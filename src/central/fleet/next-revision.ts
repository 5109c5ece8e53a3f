import { RequestInvalid } from './errors.ts';
import type { HostSelection, RulesetToPush } from './options.ts';
import { type FleetObserver, hostsOf } from './select.ts';

export interface Part {
  whom: HostSelection;
  ruleset: Omit<RulesetToPush, 'revision'> & { revision: number };
}

/** Above this, or this far above all others at once, a number is a slip or a lie, and would use up what is left of them. */
const HIGHEST = 2 ** 40;
const LARGEST_LEAP = 1_000_000;

/**
 * `next` is the highest revision that the asked hosts have of a ruleset, and one. Each host is to be at the revision that it was seen at:
 * so two who take the next at the same time do not both have it, and hear of each other (`revision_conflict`).
 *
 * @throws {RequestInvalid} if a host says that it has a revision which cannot be meant
 */
export async function nextRevisions(
  observer: FleetObserver,
  { revision, ...ruleset }: RulesetToPush,
  whom: HostSelection,
): Promise<Part[]> {
  if (revision !== 'next') return [{ whom, ruleset: { ...ruleset, revision } }];
  const { hosts: known } = await observer.fleet();
  const revisions = new Map<string, number>();
  for (const host of await hostsOf({ fleet: async () => ({ hosts: known }) }, whom)) {
    const { rulesets = [], removed = [] } = known.get(host) ?? {};
    const own = [...rulesets, ...removed].filter(({ name }) => name === ruleset.name);
    revisions.set(host, Math.max(0, ...own.map((of) => of.revision)));
  }
  assertPlausible(ruleset.name, revisions);
  const highest = [...revisions.values()].reduce((most, at) => Math.max(most, at), 0);
  const byRevision = new Map<number, string[]>();
  for (const [host, at] of revisions) byRevision.set(at, [...(byRevision.get(at) ?? []), host]);
  return [...byRevision].map(([ifRevision, hosts]) => ({
    whom: { hosts },
    ruleset: { ...ruleset, revision: highest + 1, ifRevision },
  }));
}

/** One host must not decide alone which numbers the fleet has left. Hosts that do not have the ruleset say nothing about them. */
function assertPlausible(name: string, revisions: ReadonlyMap<string, number>): void {
  const said = [...revisions].filter(([, at]) => at > 0).toSorted(([, one], [, other]) => one - other);
  const [highestHost, highest] = said.at(-1) ?? ['', 0];
  const leap = said.findIndex(
    ([, at], index) => index > 0 && at - (said[index - 1]?.[1] ?? 0) > LARGEST_LEAP,
  );
  const isAlone = leap > 0 && said.length - leap <= leap;
  if (highest <= HIGHEST && !isAlone) return;
  const [host, at] = isAlone ? (said[leap] ?? ['', 0]) : [highestHost, highest];
  const others = isAlone ? `, and the others have at most ${said[leap - 1]?.[1]}` : '';
  throw new RequestInvalid(
    `host ${host} says that it has revision ${at} of ruleset ${name}${others}: no next revision is taken from that. Look at that host; or say a revision yourself`,
  );
}
