import type { Family } from '../contract/words/identifiers.ts';
import { contains, type Network } from './network.ts';

const [DOT, SLASH, ZERO] = [46, 47, 48];
/** Of a number in an IPv4 address. */
const MOST_DIGITS = 3;

/** Networks in the order of their addresses, so that a million others can be held against them. */
export class Ranges {
  /** Of those that lie within each other, the widest. */
  readonly #networks: Record<Family, readonly Network[]>;
  /** The first numbers that IPv4 addresses in them have. */
  readonly #firsts: ReadonlySet<number>;

  constructor(networks: readonly Network[]) {
    const apart = (family: Family) => widest(networks.filter((network) => network.family === family));
    this.#networks = { ipv4: apart('ipv4'), ipv6: apart('ipv6') };
    this.#firsts = new Set(this.#networks.ipv4.flatMap(firstNumbers));
  }

  /**
   * Says of most texts at a glance that {@link overlap} finds nothing: a long list has hundreds of thousands of them, and each takes some
   * time to be read.
   *
   * @param text of a {@link Network}
   */
  mayOverlap(text: string): boolean {
    // Networks of one digit behind the slash can have several first numbers.
    if (text.charCodeAt(text.length - 2) === SLASH) return true;
    let first = 0;
    for (let index = 0; index < MOST_DIGITS; index += 1) {
      const code = text.charCodeAt(index);
      if (code === DOT) return this.#firsts.has(first);
      first = first * 10 + code - ZERO;
    }
    return text.charCodeAt(MOST_DIGITS) !== DOT || this.#firsts.has(first);
  }

  /** @returns one of the networks that has an address in common with this one; `null`: none has */
  overlap(network: Network): string | null {
    const networks = this.#networks[network.family];
    let low = 0;
    let high = networks.length;
    // The first network that begins behind the first address of this one.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(networks[middle] as Network, network) <= 0) low = middle + 1;
      else high = middle;
    }
    const [before, after] = [networks[low - 1], networks[low]];
    // The one before may begin with the same address, and be a part of this one.
    if (before !== undefined && (contains(before, network) || contains(network, before))) return before.text;
    return after !== undefined && contains(network, after) ? after.text : null;
  }
}

function firstNumbers({ groups: [high = 0], prefix }: Network): number[] {
  const first = high >>> 8;
  return Array.from({ length: 2 ** Math.max(0, 8 - prefix) }, (_, index) => first + index);
}

/** Networks are within each other or apart. */
function widest(networks: readonly Network[]): Network[] {
  const sorted = networks.toSorted((one, other) => compare(one, other) || one.prefix - other.prefix);
  const found: Network[] = [];
  for (const network of sorted) {
    const before = found.at(-1);
    if (before === undefined || !contains(before, network)) found.push(network);
  }
  return found;
}

/** By their first addresses. */
function compare({ groups: one }: Network, { groups: other }: Network): number {
  for (let index = 0; index < one.length; index += 1) {
    const difference = (one[index] as number) - (other[index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
