import type { Place, Probe } from '../../ruleset/trial/packets.ts';
import type { HostPicture, RouteTo } from '../ports/packets.ts';
import type { ProbedTest } from './resolve-tests.ts';

type WithProbe = ProbedTest & { probe: Probe };

/** So many packets side by side: more would have the kernel of a small host drop some for itself. */
const MOST_TOGETHER = 200;

/** Puts tests together that can be run side by side. Those with the same port of their own cannot; and a neighbour has one Ethernet address at a time. */
export function batchesOf(probed: readonly ProbedTest[], isAlone: boolean): WithProbe[][] {
  const batches: { tests: WithProbe[]; ports: Set<string>; macs: Map<Place, string> }[] = [];
  for (const one of probed) {
    if (one.probe === null) continue;
    const { protocol, fromPort, sender, mac = '' } = one.probe;
    const key = `${protocol} ${fromPort}`;
    let batch = isAlone
      ? undefined
      : batches.find(
          ({ tests, ports, macs }) =>
            tests.length < MOST_TOGETHER && !ports.has(key) && (macs.get(sender) ?? mac) === mac,
        );
    if (batch === undefined) batches.push((batch = { tests: [], ports: new Set(), macs: new Map() }));
    batch.tests.push({ ...one, probe: one.probe });
    batch.ports.add(key);
    batch.macs.set(sender, mac);
  }
  return batches.map(({ tests }) => tests);
}

const DIRECT = 5_000;

/** For tests whose packet is to be sent on: one that goes there by itself, to see that there is a way. By the number of the test. */
export function directProbes(batch: readonly WithProbe[]): Map<number, Probe> {
  const found = batch.flatMap(({ probe, expected }): [number, Probe][] => {
    const there = probe.listeners[1];
    if (expected.kind !== 'dnat' || there === undefined || there.place === null) return [];
    const { number, fromPort } = probe;
    const direct = { ...probe, number: number + DIRECT, fromPort: fromPort + DIRECT };
    return [[number, { ...direct, to: there.address, port: there.port, state: 'new', listeners: [there] }]];
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
