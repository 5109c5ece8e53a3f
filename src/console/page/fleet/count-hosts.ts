import type { HostRow } from '../../api/hosts.ts';
import { compareKeys, naturalKey } from '../text/natural-key.ts';
import { hasFailedLately } from './host-filter.ts';
import { type Highest, hasDrifted, isBehind, isUnready } from './host-words.ts';

/** What stands above the table, and by which part of the query the hosts that are counted are found. */
export interface Count {
  says: string;
  count: number;
  field: 'state' | 'is';
  value: string;
}

export function countHosts(hosts: readonly HostRow[], highest: Highest, now: number): readonly Count[] {
  const states = { online: 0, offline: 0, silent: 0 };
  const found = { unready: 0, drifted: 0, behind: 0, waiting: 0, failed: 0 };
  for (const host of hosts) {
    states[host.presence] += 1;
    if (isUnready(host)) found.unready += 1;
    if (hasDrifted(host)) found.drifted += 1;
    if (isBehind(host, highest)) found.behind += 1;
    if (host.pending !== null) found.waiting += 1;
    if (hasFailedLately(host, now)) found.failed += 1;
  }
  return [
    { says: 'online', count: states.online, field: 'state', value: 'online' },
    { says: 'offline', count: states.offline, field: 'state', value: 'offline' },
    { says: 'silent', count: states.silent, field: 'state', value: 'silent' },
    { says: 'unready', count: found.unready, field: 'is', value: 'unready' },
    { says: 'drifted', count: found.drifted, field: 'is', value: 'drifted' },
    { says: 'behind', count: found.behind, field: 'is', value: 'behind' },
    { says: 'waiting for confirm', count: found.waiting, field: 'is', value: 'waiting' },
    { says: 'failed in 24 h', count: found.failed, field: 'is', value: 'failed_lately' },
  ];
}

/** What can be chosen in the filters. */
export interface Choices {
  group: readonly string[];
  ruleset: readonly string[];
  list: readonly string[];
  backend: readonly string[];
  version: readonly string[];
}

export function choicesOf(hosts: readonly HostRow[]): Choices {
  const [group, ruleset, list, backend, version] = [
    new Set<string>(),
    new Set<string>(),
    new Set<string>(),
    new Set<string>(),
    new Set<string>(),
  ];
  for (const host of hosts) {
    for (const name of host.groups) group.add(name);
    for (const { name } of host.rulesets) ruleset.add(name);
    for (const { name } of host.lists) list.add(name);
    backend.add(host.backend);
    version.add(host.version);
  }
  return {
    group: inOrder(group),
    ruleset: inOrder(ruleset),
    list: inOrder(list),
    backend: inOrder(backend),
    version: inOrder(version),
  };
}

function inOrder(names: ReadonlySet<string>): readonly string[] {
  return [...names].toSorted((a, b) => compareKeys(naturalKey(a), naturalKey(b)));
}
