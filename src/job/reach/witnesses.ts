import type { RulesetTest } from '../../contract/jobs/ruleset-test.ts';
import type { Family } from '../../contract/words/identifiers.ts';
import type { ProbeSender } from '../../ruleset/trial/packets.ts';
import type { HostPicture } from '../ports/packets.ts';
import {
  addressesBehind,
  chooseAddresses,
  chooseIcmp,
  chooseInterfaces,
  choosePorts,
  chooseProtocols,
  meetsAll,
} from './choose.ts';
import { chooseSender } from './choose-sender.ts';
import type { Conditions, Protocol } from './conditions.ts';
import { tellPackets } from './tell-packets.ts';
import type { Way } from './ways.ts';

/** A packet that meets conditions, as a test would describe it. */
export interface Witness {
  packet: Omit<RulesetTest, 'name' | 'expect'> & { direction: Direction };
  /** Who sends it, which no test can say. */
  sender: ProbeSender;
  /** Which packets it stands for. */
  what: string;
  /** The same for its port alone, where the conditions name several. */
  part: string;
}

type Direction = 'in' | 'out' | 'forward';

const DIRECTIONS: Readonly<Record<string, readonly Direction[]>> = {
  PREROUTING: ['in', 'forward'],
  INPUT: ['in'],
  FORWARD: ['forward'],
  OUTPUT: ['out'],
  POSTROUTING: ['forward', 'out'],
};
const MOST_MACS = 8;
const LOOPBACK = { ipv4: '127.0.0.1', ipv6: '::1' };

/** Makes packets that meet what leads to a rule, and the rule. The first are the likeliest to find their way. */
export function* witnessesOf(way: Way, family: Family, picture: HostPicture): Generator<Witness> {
  const { base, conditions } = way;
  const sender = chooseSender(conditions);
  if (sender === null) return;
  for (const direction of DIRECTIONS[base] ?? []) {
    const what = tellPackets(conditions, direction, family);
    for (const packet of packetsOf(conditions, direction, family, picture)) {
      const part = tellPackets(withPort(conditions, packet.port), direction, family);
      yield { packet, sender, what, part };
    }
  }
}

/** Each MAC address of a neighbour takes a network of its own: of the first few, packets are sent. */
export function withFewMacs(witnesses: readonly (readonly Witness[])[]): Witness[][] {
  const macs = new Set(witnesses.flat().map(({ sender }) => sender.mac));
  macs.delete(undefined);
  const few = new Set([undefined, ...[...macs].slice(0, MOST_MACS)]);
  return witnesses.map((own) => own.filter(({ sender }) => few.has(sender.mac)));
}

/** Of several ports that conditions name, only those around one. */
function withPort(conditions: Conditions, port: number | undefined): Conditions {
  if (port === undefined) return conditions;
  const ports = conditions.ports.map((condition) => {
    const parts = condition.text.split(',');
    const at = condition.ranges.findIndex(({ first, last }) => first <= port && port <= last);
    return condition.isNegated || at === -1 ? condition : { ...condition, text: parts[at] ?? condition.text };
  });
  return { ...conditions, ports };
}

interface Ends {
  from?: string;
  to?: string;
  in?: string;
  out?: string;
}

function* packetsOf(
  conditions: Conditions,
  direction: Direction,
  family: Family,
  picture: HostPicture,
): Generator<Witness['packet']> {
  const protocols = chooseProtocols(conditions);
  const ends = [...ENDS[direction](conditions, family, picture)];
  const [state] = conditions.states;
  if (protocols.length === 0 || ends.length === 0 || state === undefined) return;
  const most = Math.max(protocols.length, ends.length, choosePorts(conditions.ports).length);
  for (let index = 0; index < most; index += 1) {
    const protocol = protocols[index % protocols.length] ?? 'tcp';
    const service = serviceOf(conditions, protocol, family, index);
    if (service !== null) yield { direction, ...ends[index % ends.length], ...service, state };
  }
}

function serviceOf(
  conditions: Conditions,
  protocol: Protocol,
  family: Family,
  index: number,
): Pick<RulesetTest, 'protocol' | 'port' | 'fromPort' | 'icmpType'> | null {
  if (protocol === 'icmp') {
    const icmpType = chooseIcmp(conditions, family);
    return icmpType === null ? null : { protocol, icmpType };
  }
  const ports = choosePorts(conditions.ports);
  const port = ports[index % ports.length];
  if (port === undefined) return null;
  if (conditions.sourcePorts.length === 0) return { protocol, port };
  const fromPort = choosePorts(conditions.sourcePorts)[0];
  return fromPort === undefined ? null : { protocol, port, fromPort };
}

type EndsOf = (conditions: Conditions, family: Family, picture: HostPicture) => Generator<Ends>;

const ENDS: Readonly<Record<Direction, EndsOf>> = { in: endsOfIn, out: endsOfOut, forward: endsOfForward };

function* endsOfIn(conditions: Conditions, family: Family, picture: HostPicture): Generator<Ends> {
  const { sources, destinations, inBy, outBy, isLocal, isSent } = conditions;
  if (outBy.length > 0 || isLocal === false || isSent === true) return;
  const links = chooseInterfaces(inBy, picture);
  for (const link of links.filter(({ name }) => name !== 'lo')) {
    const own = link.addresses.filter((one) => one.family === family && one.isGlobal);
    const to = chooseAddresses(
      destinations,
      [...own, ...ownAddresses(picture, family)].map(({ address }) => address),
      family,
    ).find((address) => isOwn(address, picture));
    if (to === undefined) continue;
    for (const from of chooseAddresses(sources, addressesBehind(link, picture, family), family))
      if (!isOwn(from, picture)) yield { from, to, ...(inBy.length === 0 ? {} : { in: link.name }) };
  }
  if (
    isSent === null &&
    inBy.length > 0 &&
    links.some(({ name }) => name === 'lo') &&
    sources.length + destinations.length === 0
  )
    yield { in: 'lo', from: LOOPBACK[family], to: LOOPBACK[family] };
}

function* endsOfOut(conditions: Conditions, family: Family, picture: HostPicture): Generator<Ends> {
  const { sources, destinations, inBy, outBy, isLocal, isSent } = conditions;
  if (inBy.length > 0 || isLocal === true || isSent === false) return;
  const own = ownAddresses(picture, family).map(({ address }) => address);
  const from =
    sources.length === 0 ? undefined : chooseAddresses(sources, own, family).find((one) => own.includes(one));
  if (sources.length > 0 && from === undefined) return;
  for (const link of chooseInterfaces(outBy, picture).filter(({ name }) => name !== 'lo'))
    for (const to of chooseAddresses(destinations, addressesBehind(link, picture, family), family))
      if (!isOwn(to, picture))
        yield {
          to,
          ...(from === undefined ? {} : { from }),
          ...(outBy.length === 0 ? {} : { out: link.name }),
        };
  yield* endsOnHost(conditions, family, picture);
}

/** What the host sends to itself, where it is named as such. */
function* endsOnHost(
  { sources, destinations, outBy }: Conditions,
  family: Family,
  picture: HostPicture,
): Generator<Ends> {
  const isNamed = [...destinations, ...outBy].some(({ isNegated }) => !isNegated);
  const isByLo = chooseInterfaces(outBy, picture).some(({ name }) => name === 'lo');
  const to = LOOPBACK[family];
  if (isNamed && isByLo && sources.length === 0 && meetsAll(destinations, to))
    yield { to, ...(outBy.length === 0 ? {} : { out: 'lo' }) };
}

function* endsOfForward(conditions: Conditions, family: Family, picture: HostPicture): Generator<Ends> {
  const { sources, destinations, inBy, outBy, isLocal, isSent } = conditions;
  if (isLocal === true || isSent === true) return;
  for (const into of chooseInterfaces(inBy, picture))
    for (const out of chooseInterfaces(outBy, picture)) {
      if (into === out || into.name === 'lo' || out.name === 'lo') continue;
      const [from] = chooseAddresses(sources, addressesBehind(into, picture, family), family);
      const [to] = chooseAddresses(destinations, addressesBehind(out, picture, family), family);
      if (from === undefined || to === undefined || isOwn(from, picture) || isOwn(to, picture)) continue;
      yield {
        from,
        to,
        ...(inBy.length === 0 ? {} : { in: into.name }),
        ...(outBy.length === 0 ? {} : { out: out.name }),
      };
    }
}

function ownAddresses({ interfaces }: HostPicture, family: Family) {
  return interfaces.flatMap(({ addresses }) =>
    addresses.filter((own) => own.family === family && own.isGlobal),
  );
}

function isOwn(address: string, { interfaces }: HostPicture): boolean {
  return interfaces.some(({ addresses }) => addresses.some((own) => own.address === address));
}
