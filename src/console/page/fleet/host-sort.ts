import type { HostRow } from '../../api.ts';
import { compareKeys, naturalKey } from '../text/natural-key.ts';

const STATES = ['online', 'silent', 'offline'];

const KEYS: Readonly<Record<string, (host: HostRow) => string | number>> = {
  host: ({ hostId }) => naturalKey(hostId),
  state: ({ presence }) => STATES.indexOf(presence),
  groups: ({ groups }) => groups.join(','),
  rulesets: ({ rulesets }) => rulesets.map(heldKey).join(' '),
  lists: ({ lists }) => lists.map(heldKey).join(' '),
  backend: ({ backend, iptables }) => `${backend} ${naturalKey(iptables)}`,
  version: ({ version }) => naturalKey(version),
  seen: ({ lastSeen }) => Date.parse(lastSeen),
  // Those that never failed come before all that did.
  failure: ({ lastFailure }) => (lastFailure === null ? 0 : Date.parse(lastFailure.at)),
};

function heldKey({ name, revision }: { name: string; revision: number }): string {
  return naturalKey(`${name}@${revision}`);
}

/** `seen`, or `-seen` for the other way round. */
export interface Sorting {
  column: string;
  isDown: boolean;
}

export function readSorting(text: string | undefined): Sorting {
  const column = text?.replace(/^-/, '') ?? '';
  return Object.hasOwn(KEYS, column)
    ? { column, isDown: text?.startsWith('-') === true }
    : { column: 'host', isDown: false };
}

export function writeSorting({ column, isDown }: Sorting): string | undefined {
  if (column === 'host' && !isDown) return undefined;
  return isDown ? `-${column}` : column;
}

/** Hosts that are alike in that column are in the order of their names, whichever way round. */
export function sortHosts(hosts: readonly HostRow[], { column, isDown }: Sorting): readonly HostRow[] {
  const keyOf = KEYS[column] ?? naturalHost;
  const way = isDown ? -1 : 1;
  return hosts
    .map((host) => ({ host, key: keyOf(host), name: naturalHost(host) }))
    .sort((one, other) => way * compareKeys(one.key, other.key) || compareKeys(one.name, other.name))
    .map(({ host }) => host);
}

function naturalHost({ hostId }: HostRow): string {
  return naturalKey(hostId);
}
