import type { HostState } from '../../central/log/fleet-state.ts';
import { suggestion } from '../../central/messages/names.ts';
import { nameHosts } from './show-answers.ts';
import { unreadyNotes } from './show-fleet.ts';

interface Planned {
  name: string;
  ifRevision?: number | undefined;
  /** Those that were asked for. */
  groups: readonly string[];
}

/** What is known of the hosts that may keep them from taking it, or may not be as whoever planned it thinks. */
export function troublesOf(
  hosts: readonly string[],
  fleet: ReadonlyMap<string, HostState>,
  { name, ifRevision, groups }: Planned,
): string[] {
  const known = hosts.map((id) => fleet.get(id)).filter((host) => host !== undefined);
  const tell = (is: (host: HostState) => boolean, what: string) => {
    const found = known.filter(is).map(({ hostId }) => hostId);
    return found.length === 0 ? [] : [`${nameHosts(found)}: ${what}`];
  };
  const revisionOf = ({ rulesets }: HostState) => rulesets.find((one) => one.name === name)?.revision ?? 0;
  const expected = ifRevision ?? commonest(known.map(revisionOf));
  const than = ifRevision === undefined ? `, which most are at` : '';
  return [
    ...tellUnknown(hosts, fleet),
    ...tell(
      ({ presence }) => presence !== 'online',
      'not online now; each that stays away ends as silent: --online-only leaves it out, --max-silent allows for it',
    ),
    ...unreadyNotes(known),
    ...tell(({ pending }) => pending !== null, 'another change waits to be confirmed there'),
    ...tell(({ running, pending }) => running !== null && pending === null, 'another job is run there now'),
    ...tell((host) => revisionOf(host) !== expected, `not at revision ${expected} of ${name}${than}`),
    ...tell(
      (host) => groups.length > 0 && !host.groups.some((group) => groups.includes(group)),
      `not in ${groups.length === 1 ? 'group' : 'any of the groups'} ${groups.join(', ')}`,
    ),
  ];
}

function tellUnknown(hosts: readonly string[], fleet: ReadonlyMap<string, HostState>): string[] {
  const unknown = hosts.filter((id) => !fleet.has(id));
  const near = unknown.filter((id) => suggestion(id, fleet.keys()) !== '');
  const others = unknown.filter((id) => !near.includes(id));
  return [
    ...near.map((id) => `${id}: never heard of${suggestion(id, fleet.keys())}`),
    ...(others.length === 0 ? [] : [`${nameHosts(others)}: never heard of`]),
  ];
}

function commonest(revisions: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const revision of revisions) counts.set(revision, (counts.get(revision) ?? 0) + 1);
  return [...counts].toSorted(([, one], [, other]) => other - one)[0]?.[0] ?? 0;
}
