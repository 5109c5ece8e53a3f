import type { Place, Probe } from '../../ruleset/trial/packets.ts';
import type { HostPicture, RouteTo } from '../ports/packets.ts';
import type { ProbedTest } from './resolve-tests.ts';

type WithProbe = ProbedTest & { probe: Probe };

/** So many packets side by side: more would have the kernel of a small host drop some for itself. */
const MOST_TOGETHER = 200;

interface Batch {
  tests: WithProbe[];
  /** That packets come from, and that they go to, with their protocol. */
  sources: Set<string>;
  destinations: Set<string>;
  macs: Map<Place, string>;
}

/**
 * Puts tests together that can be run side by side. What comes back to one is known by the port that it came from: no other may come from
 * there, nor go there, where its answers would look the same. And a neighbour has one Ethernet address at a time.
 */
export function batchesOf(probed: readonly ProbedTest[], isAlone: boolean): WithProbe[][] {
  const batches: Batch[] = [];
  for (const one of probed) {
    if (one.probe === null) continue;
    const { protocol, fromPort, sender, mac = '' } = one.probe;
    const source = `${protocol} ${fromPort}`;
    const destinations = destinationsOf(one.probe).map((port) => `${protocol} ${port}`);
    let batch = isAlone
      ? undefined
      : batches.find(
          (other) =>
            other.tests.length < MOST_TOGETHER &&
            !other.sources.has(source) &&
            !other.destinations.has(source) &&
            !destinations.some((port) => other.sources.has(port)) &&
            (other.macs.get(sender) ?? mac) === mac,
        );
    if (batch === undefined)
      batches.push((batch = { tests: [], sources: new Set(), destinations: new Set(), macs: new Map() }));
    batch.tests.push({ ...one, probe: one.probe });
    batch.sources.add(source);
    for (const port of destinations) batch.destinations.add(port);
    batch.macs.set(sender, mac);
  }
  return batches.map(({ tests }) => tests);
}

function destinationsOf({ port, listeners }: Probe): number[] {
  return [port, ...listeners.map((listener) => listener.port)];
}

const DIRECT = 5_000;
const LAST_PORT = 65_535;

/**
 * For tests whose packet is to be sent on: one that goes there by itself, to see that there is a way. It comes from a port that no packet of
 * the batch has to do with. By the number of the test.
 */
export function directProbes(batch: readonly WithProbe[]): Map<number, Probe> {
  const taken = new Set(batch.flatMap(({ probe }) => [probe.fromPort, ...destinationsOf(probe)]));
  let free = LAST_PORT;
  const found = batch.flatMap(({ probe, expected }): [number, Probe][] => {
    const there = probe.listeners[1];
    if (expected.kind !== 'dnat' || there === undefined || there.place === null) return [];
    while (taken.has(free)) free -= 1;
    const direct = { ...probe, number: probe.number + DIRECT, fromPort: free };
    free -= 1;
    return [
      [probe.number, { ...direct, to: there.address, port: there.port, state: 'new', listeners: [there] }],
    ];
  });
  return new Map(found);
}

/** Who is behind each interface that packets go by. */
export function neighboursOf(
  probed: readonly ProbedTest[],
  translated: ReadonlyMap<string, RouteTo>,
  { interfaces }: HostPicture,
): Map<string, string[]> {
  const neighbours = new Map<string, Set<string>>();
  const own = new Set(interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  const add = (place: string | null, address: string | null) => {
    if (place === null || place === 'lo' || address === null || own.has(address)) return;
    if (!interfaces.some(({ name }) => name === place)) return;
    neighbours.set(place, (neighbours.get(place) ?? new Set()).add(address));
  };
  for (const { probe } of probed) {
    if (probe === null) continue;
    add(probe.sender, probe.from);
    for (const { place, address } of probe.listeners) add(place, address);
  }
  for (const [address, { device }] of translated) add(device, address);
  return new Map([...neighbours].map(([name, addresses]) => [name, [...addresses]]));
}
