import type { FleetObserver, HostSelection, RulesetToPush } from '../ask/options.ts';
import { hostsOf } from '../ask/select.ts';
import type { HostState } from '../log/fleet-state.ts';
import { RequestInvalid } from '../messages/errors.ts';

/** Above this, or this far above all others at once, a number is a slip or a lie, and would use up what is left of them. */
const HIGHEST = 2 ** 40;
const LARGEST_LEAP = 1_000_000;

/**
 * The revision that a ruleset is sent under. `next` is one more than the highest that the asked hosts are known to have had, also those
 * that are away now: so it wins over whatever they have.
 *
 * @throws {RequestInvalid} if a host says that it has a revision which cannot be meant
 */
export async function revisionFor(
  observer: FleetObserver,
  { revision, name }: Pick<RulesetToPush, 'revision' | 'name'>,
  whom: HostSelection,
): Promise<number> {
  if (revision !== 'next') return revision;
  const revisions = await revisionsOn(observer, whom, ({ rulesets, removed }) =>
    [...rulesets, ...removed].filter((ruleset) => ruleset.name === name),
  );
  return nextOf(`ruleset ${name}`, revisions);
}

/** The highest revision of something that each host is known to have had; 0: none. */
export async function revisionsOn(
  observer: FleetObserver,
  whom: HostSelection,
  find: (host: HostState) => readonly { revision: number }[],
): Promise<Map<string, number>> {
  const { hosts: known } = await observer.fleet();
  const revisions = new Map<string, number>();
  for (const hostId of await hostsOf(observer, whom)) {
    const host = known.get(hostId);
    const found = host === undefined ? [] : find(host);
    revisions.set(hostId, Math.max(0, ...found.map((of) => of.revision)));
  }
  return revisions;
}

/**
 * One more than the highest.
 *
 * @throws {RequestInvalid} if a host says that it has a revision which cannot be meant
 */
export function nextOf(what: string, revisions: ReadonlyMap<string, number>): number {
  assertPlausible(what, revisions);
  return Math.max(0, ...revisions.values()) + 1;
}

/** One host must not decide alone which numbers the fleet has left. Hosts that do not have it say nothing about them. */
function assertPlausible(what: string, revisions: ReadonlyMap<string, number>): void {
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
    `host ${host} says that it has revision ${at} of ${what}${others}: no next revision is taken from that. Look at that host; or say a revision yourself`,
  );
}
