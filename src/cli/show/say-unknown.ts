import type { HostState } from '../../central/log/fleet-state.ts';
import { suggestion } from '../../central/messages/names.ts';

/** What was asked for by name. */
interface Named {
  hosts?: readonly string[];
  groups?: readonly string[];
  rulesets?: readonly string[];
}

/** Says of each name that nobody of the fleet has which one may have been meant: nothing is to be found under it. */
export function sayUnknown(
  { hosts = [], groups = [], rulesets = [] }: Named,
  fleet: ReadonlyMap<string, HostState>,
): string[] {
  const states = [...fleet.values()];
  const knownGroups = new Set(states.flatMap((host) => host.groups));
  const knownRulesets = new Set(
    states.flatMap((host) => [...host.rulesets, ...host.removed].map(({ name }) => name)),
  );
  return [
    ...hosts
      .filter((name) => !fleet.has(name))
      .map((name) => `no host ${name} has been heard of${suggestion(name, fleet.keys())}`),
    ...groups
      .filter((name) => !knownGroups.has(name))
      .map((name) => `no host of group ${name} has been heard of${suggestion(name, knownGroups)}`),
    ...rulesets
      .filter((name) => !knownRulesets.has(name))
      .map((name) => `no host has ruleset ${name}${suggestion(name, knownRulesets)}`),
  ];
}
