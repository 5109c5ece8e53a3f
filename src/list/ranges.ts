import type { Family } from '../contract/identifiers.ts';
import { type Network, rangeOf } from './network.ts';

interface Range {
  first: bigint;
  last: bigint;
  /** The networks that it was made of: the first of them. */
  text: string;
}

/** Networks in the order of their addresses, so that a million others can be held against them. */
export class Ranges {
  readonly #ranges: Record<Family, readonly Range[]>;

  constructor(networks: readonly Network[]) {
    const joined = (family: Family) => joinRanges(networks.filter((network) => network.family === family));
    this.#ranges = { ipv4: joined('ipv4'), ipv6: joined('ipv6') };
  }

  /** @returns one of the networks that has an address in common with this one; `null`: none has */
  overlap(network: Network): string | null {
    const ranges = this.#ranges[network.family];
    if (ranges.length === 0) return null;
    const { first, last } = rangeOf(network);
    let low = 0;
    let high = ranges.length;
    // The first range that does not end before the network begins.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ranges[middle]?.last ?? 0n) < first) low = middle + 1;
      else high = middle;
    }
    const range = ranges[low];
    return range !== undefined && range.first <= last ? range.text : null;
  }
}

/** Networks are within each other or apart. */
function joinRanges(networks: readonly Network[]): Range[] {
  const sorted = networks
    .map((network) => ({ ...rangeOf(network), text: network.text }))
    .toSorted((one, other) => compare(one.first, other.first) || compare(other.last, one.last));
  const ranges: Range[] = [];
  for (const { first, last, text } of sorted) {
    const before = ranges.at(-1);
    if (before === undefined || first > before.last) ranges.push({ first, last, text });
  }
  return ranges;
}

function compare(one: bigint, other: bigint): number {
  return one < other ? -1 : Number(one > other);
}
