import { widen } from '../list/network.ts';
import type { Packets } from './packets.ts';
import { holdsPorts } from './port-ranges.ts';

/** Of which kinds the conditions of a rule are: rules of one shape are found by the values of these. */
interface Shape {
  sourceBits: number | null;
  destinationBits: number | null;
  hasProtocol: boolean;
  others: readonly string[];
}

/** A rule that ends the way of every packet that it takes. */
export interface Taker<T> {
  packets: Packets;
  rule: T;
}

/** The most shapes of one chain that are looked at. Rulesets have a handful; without a limit, many would cost the square of the rules. */
const MOST_SHAPES = 256;
/** The most rules of a shape with the same values but for their ports. */
const MOST_ALIKE = 512;

/** The rules of a chain so far that take packets for good, to be asked which of them takes all that a later one would. */
export class Takers<T> {
  readonly #shapes = new Map<string, { shape: Shape; takers: Map<string, Taker<T>[]> }>();

  add(taker: Taker<T>): void {
    const shape = shapeOf(taker.packets);
    const name = JSON.stringify(shape);
    let group = this.#shapes.get(name);
    if (group === undefined) {
      if (this.#shapes.size >= MOST_SHAPES) return;
      group = { shape, takers: new Map() };
      this.#shapes.set(name, group);
    }
    const key = keyOf(taker.packets, shape);
    const alike = group.takers.get(key);
    if (alike === undefined) group.takers.set(key, [taker]);
    else if (alike.length < MOST_ALIKE) alike.push(taker);
  }

  /** The first rule that takes all these packets. */
  *allThatTake(packets: Packets): Generator<Taker<T>, undefined, undefined> {
    for (const { shape, takers } of this.#shapes.values()) {
      if (!canHold(shape, packets)) continue;
      for (const taker of takers.get(keyOf(packets, shape)) ?? [])
        if (takesPorts(taker.packets, packets)) yield taker;
    }
  }
}

/** Whether two rules take the same packets. */
export function takeTheSame(one: Packets, other: Packets): boolean {
  const shape = shapeOf(one);
  return (
    JSON.stringify(shape) === JSON.stringify(shapeOf(other)) &&
    keyOf(one, shape) === keyOf(other, shape) &&
    takesPorts(one, other) &&
    takesPorts(other, one)
  );
}

function shapeOf({ source, destination, protocol, others }: Packets): Shape {
  return {
    sourceBits: source?.prefix ?? null,
    destinationBits: destination?.prefix ?? null,
    hasProtocol: protocol !== null,
    others: [...others.keys()].toSorted(),
  };
}

/** Whether rules of a shape may take all these packets. */
function canHold({ sourceBits, destinationBits, hasProtocol, others }: Shape, packets: Packets): boolean {
  return (
    isWider(sourceBits, packets.source) &&
    isWider(destinationBits, packets.destination) &&
    (!hasProtocol || packets.protocol !== null) &&
    others.every((name) => packets.others.has(name))
  );
}

function isWider(bits: number | null, network: Packets['source']): boolean {
  return bits === null || (network !== null && bits <= network.prefix);
}

/** What packets have of that by which a shape finds its rules. */
function keyOf({ source, destination, protocol, others }: Packets, shape: Shape): string {
  const { sourceBits, destinationBits, hasProtocol } = shape;
  return JSON.stringify([
    source === null || sourceBits === null ? null : widen(source, sourceBits).text,
    destination === null || destinationBits === null ? null : widen(destination, destinationBits).text,
    hasProtocol ? protocol : null,
    ...shape.others.map((name) => others.get(name)),
  ]);
}

function takesPorts(taker: Packets, packets: Packets): boolean {
  return (
    holds(taker.sourcePorts, packets.sourcePorts) && holds(taker.destinationPorts, packets.destinationPorts)
  );
}

function holds(ports: Packets['sourcePorts'], others: Packets['sourcePorts']): boolean {
  return ports === null || (others !== null && holdsPorts(ports, others));
}
