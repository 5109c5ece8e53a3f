import * as z from 'zod';
import type { Target } from '../../contract/jobs/job.ts';
import { describeIssue, IN_WORDS } from '../../contract/words/describe-issue.ts';
import { GroupName, HostId } from '../../contract/words/identifiers.ts';
import { ALL_KEY, groupKey, hostKey } from '../../contract/words/names.ts';
import { type AddressedMessage, toHosts } from '../messages/addressed-message.ts';
import { NobodyKnown, RequestInvalid } from '../messages/errors.ts';
import type { PreparedMessage } from '../messages/messages.ts';
import { inNaturalOrder, suggestion } from '../messages/names.ts';
import { issuesOf } from '../messages/request-issues.ts';
import type { FleetObserver, HostSelection, RequestOptions } from './options.ts';

const Selected = z.strictObject({
  hosts: z.array(HostId).optional(),
  groups: z.array(GroupName).optional(),
  all: z.boolean().optional(),
  exclude: z.array(HostId).optional(),
  excludeUnknown: z.boolean().optional(),
  onlineOnly: z.boolean().optional(),
});

/** @throws {RequestInvalid} for what is meant for nobody, or names something else than hosts: a slip must not go unseen */
export function assertSelection(whom: HostSelection): void {
  const { data, error } = Selected.safeParse(whom, IN_WORDS);
  if (error !== undefined) {
    const told = error.issues.map(describeIssue).join('; ');
    const issues = issuesOf(error, ['whom'], Object.keys(Selected.shape));
    throw new RequestInvalid(`whom it is for: ${told}`, { issues, cause: error });
  }
  const { hosts = [], groups = [], all = false } = data;
  if (hosts.length === 0 && groups.length === 0 && !all) {
    throw forNobody('name hosts or groups, or say all: true');
  }
}

/** The fleet as it is during one request: looked at once, and only if that is needed. */
export function lookOnce(
  client: FleetObserver,
  { observer = client, signal }: Pick<RequestOptions, 'observer' | 'signal'>,
): FleetObserver {
  let seen: ReturnType<FleetObserver['fleet']> | undefined;
  return {
    fleet: async () => await (seen ??= observer.fleet({ signal })),
  };
}

/**
 * Hosts in the order in which they were named, then those of groups, each once.
 *
 * @throws {NobodyKnown} if no host of a group, none at all, or not one that is to be left out, has been heard of
 * @throws {RequestInvalid} if nobody is left
 */
export async function hostsOf(observer: FleetObserver, whom: HostSelection): Promise<string[]> {
  const { hosts = [], groups = [], all = false, exclude = [], excludeUnknown = false } = whom;
  const excluded = new Set(exclude);
  const known = all || groups.length > 0 ? await membersOf(observer, whom) : [];
  if (!excludeUnknown && exclude.some((host) => !hosts.includes(host))) {
    const fleet = await observer.fleet();
    assertKnown(exclude, [...fleet.hosts.keys(), ...hosts]);
  }
  const found = [...new Set([...hosts, ...known])].filter((host) => !excluded.has(host));
  if (found.length === 0) throw forNobody('all hosts that it names are left out');
  return found;
}

/**
 * A misspelt name leaves nobody out: the host that was meant would be changed.
 *
 * @throws {NobodyKnown}
 */
export function assertKnown(exclude: readonly string[], known: readonly string[]): void {
  const odd = exclude.find((host) => !known.includes(host));
  if (odd === undefined) return;
  const unheard = `no host of that name has been heard of${suggestion(odd, known)}`;
  throw new NobodyKnown(`host ${odd}, which is to be left out: ${unheard}`);
}

function forNobody(why: string): RequestInvalid {
  const message = `it is for nobody: ${why}`;
  return new RequestInvalid(message, { issues: [{ path: ['whom'], message, nearest: null }] });
}

async function membersOf(
  observer: FleetObserver,
  { groups = [], all = false, onlineOnly = false }: HostSelection,
): Promise<string[]> {
  const { hosts } = await observer.fleet();
  const known = [...hosts.values()];
  if (known.length === 0)
    throw new NobodyKnown('no host has been heard of: does a worker run, with this broker?');
  const names = new Set(known.flatMap((host) => host.groups));
  const odd = groups.find((group) => !names.has(group));
  if (odd !== undefined)
    throw new NobodyKnown(`no host of group ${odd} has been heard of${suggestion(odd, names)}`);
  return known
    .filter((host) => all || host.groups.some((group) => groups.includes(group)))
    .filter(({ presence }) => !onlineOnly || presence === 'online')
    .map(({ hostId }) => hostId)
    .toSorted(inNaturalOrder);
}

/**
 * Jobs for whom they are. Single hosts get theirs one by one. Groups and all are sent to as such, so that hosts get it, too, that
 * nobody has heard of for long; answers are expected of those that are known.
 */
export async function addressMessages(
  observer: FleetObserver,
  whom: HostSelection,
  make: (target: Target, hosts: readonly string[]) => Promise<PreparedMessage>,
): Promise<AddressedMessage[]> {
  const { groups = [], all = false, exclude = [], onlineOnly = false } = whom;
  const hosts = await hostsOf(observer, whom);
  if ((groups.length === 0 && !all) || exclude.length > 0 || onlineOnly) {
    return [toHosts(await make({ hosts }, hosts), hosts)];
  }
  const named = whom.hosts ?? [];
  const target: Target = all
    ? { all: true }
    : { groups: [...groups], ...(named.length === 0 ? {} : { hosts: [...named] }) };
  const sends = all
    ? [{ key: ALL_KEY, host: null }]
    : [
        ...groups.map((group) => ({ key: groupKey(group), host: null })),
        ...named.map((host) => ({ key: hostKey(host), host })),
      ];
  return [{ message: await make(target, hosts), sends, hosts }];
}
