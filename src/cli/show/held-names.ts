import type { HostState } from '../../central/log/fleet-state.ts';
import { nearestName, suggestion } from '../../central/messages/names.ts';
import { plural } from '../../central/messages/plural.ts';
import { RulesetName } from '../../contract/words/identifiers.ts';
import { nameHosts } from './show-answers.ts';

/** A ruleset or a list that is asked for by its name. */
export interface HeldName {
  kind: 'ruleset' | 'list';
  name: string;
}

/**
 * Says of a name that none of the hosts has, and has not had, where it is, or which one may have been meant.
 *
 * @param hosts those that are asked
 * @returns `null` if one has it, not enough is known of one, or it is no name at all, which is refused elsewhere
 */
export function whyNoneHas(
  { kind, name }: HeldName,
  hosts: readonly string[],
  fleet: ReadonlyMap<string, HostState>,
): string | null {
  if (!RulesetName.safeParse(name).success) return null;
  const asked = hosts.map((host) => fleet.get(host));
  if (asked.some((host) => !isKnown(host) || namesOn(host, kind).includes(name))) return null;
  const there = [...fleet].filter(([, host]) => namesOn(host, kind).includes(name)).map(([host]) => host);
  const none =
    hosts.length === 1
      ? `${hosts[0]} has no ${kind} ${name}`
      : `none of ${plural(hosts.length, 'host')} has ${kind} ${name}`;
  return there.length > 0
    ? `${none}, which is on ${nameHosts(there)}`
    : `${none}${suggestion(name, namesOf(kind, fleet))}`;
}

/** Whether all is known of a host: one that is away, or waits for a person, may have been sent what it does not have yet. */
function isKnown(host: HostState | undefined): host is HostState {
  return host?.presence === 'online' && !host.isCut && host.pending === null && host.running === null;
}

/**
 * The name that was meant, as far as it can be told of one that is new.
 *
 * @param made the hosts on which it was made
 */
export function meantInstead(
  { kind, name }: HeldName,
  made: readonly string[],
  fleet: ReadonlyMap<string, HostState>,
): string | null {
  const others = new Map([...fleet].filter(([host]) => !made.includes(host)));
  if (namesOf(kind, others).has(name)) return null;
  const known = namesOf(kind, fleet);
  known.delete(name);
  return nearestName(name, known);
}

function namesOf(kind: HeldName['kind'], fleet: ReadonlyMap<string, HostState>): Set<string> {
  return new Set([...fleet.values()].flatMap((host) => namesOn(host, kind)));
}

function namesOn(host: HostState, kind: HeldName['kind']): string[] {
  const held = kind === 'list' ? [host.lists, host.removedLists] : [host.rulesets, host.removed];
  return held.flat().map(({ name }) => name);
}
