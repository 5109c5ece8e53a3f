import type { HostRow } from '../../api/hosts.ts';
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

interface Placed {
  host: HostRow;
  key: string | number;
  name: string;
}

/**
 * Hosts in an order. Hosts that are alike in the column are in the order of their names, whichever way round. Some times a second a few
 * of many have changed: those alone are taken out and put in again.
 */
export class HostOrder {
  readonly sorting: Sorting;
  #placed: readonly Placed[] = [];
  #known = new WeakSet<HostRow>();

  constructor(sorting: Sorting) {
    this.sorting = sorting;
  }

  sort(hosts: readonly HostRow[]): readonly HostRow[] {
    const there = new Set(hosts);
    const kept = this.#placed.filter(({ host }) => there.has(host));
    const fresh = hosts.filter((host) => !this.#known.has(host));
    // Otherwise there are some that were there before, were away, and are back.
    const isMerge = kept.length + fresh.length === hosts.length;
    const added = (isMerge ? fresh : hosts).map((host) => this.#place(host)).sort(this.#compare);
    this.#placed = isMerge ? merge(kept, added, this.#compare) : added;
    return this.#placed.map(({ host }) => host);
  }

  #place(host: HostRow): Placed {
    this.#known.add(host);
    const keyOf = KEYS[this.sorting.column] ?? naturalHost;
    return { host, key: keyOf(host), name: naturalHost(host) };
  }

  readonly #compare = (one: Placed, other: Placed): number => {
    const order = compareKeys(one.key, other.key);
    if (order === 0) return compareKeys(one.name, other.name);
    return this.sorting.isDown ? -order : order;
  };
}

/** Of two lists that are in order, one that is. */
function merge<T>(one: readonly T[], other: readonly T[], compare: (a: T, b: T) => number): readonly T[] {
  if (other.length === 0) return one;
  const merged: T[] = [];
  let next = 0;
  for (const item of one) {
    for (let first = other[next]; first !== undefined && compare(first, item) < 0; first = other[next]) {
      merged.push(first);
      next += 1;
    }
    merged.push(item);
  }
  return [...merged, ...other.slice(next)];
}

function naturalHost({ hostId }: HostRow): string {
  return naturalKey(hostId);
}
