import { icmpTypeOf } from '../../contract/jobs/icmp-types.ts';
import {
  type Expectation,
  familyOfTest,
  type RulesetTest,
  readExpectation,
} from '../../contract/jobs/ruleset-test.ts';
import type { Listener, Place, Probe } from '../../ruleset/trial/packets.ts';
import type { HostPicture } from '../ports/packets.ts';
import { type Ground, routeOf } from './ground.ts';
import { kernelSpelling } from './kernel-spelling.ts';
import { isLoopback, unusableDestination, unusableSource } from './unusable-address.ts';

/** Where a test says no port that its packet comes from: each has its own, from here on. */
const FIRST_PORT = 33_000;

/** A test with the packet that shows it. */
export interface ProbedTest {
  test: RulesetTest;
  expected: Expectation;
  direction: 'in' | 'out' | 'forward';
  /** `null`: there is none, and `reason` says why. */
  probe: Probe | null;
  reason: string | null;
}

/** Decides for each test what it leaves open, by the interfaces and routes of the host. */
export function resolveTests(tests: readonly RulesetTest[], ground: Ground): ProbedTest[] {
  return tests.map((test, number) => {
    const { direction = 'in' } = test;
    const read = readExpectation(test.expect);
    // The schema has seen to it.
    const expected: Expectation = typeof read === 'string' ? { kind: 'accept' } : inKernelSpelling(read);
    const { from, to } = test;
    const spelled = {
      ...test,
      ...(from === undefined ? {} : { from: kernelSpelling(from) }),
      ...(to === undefined ? {} : { to: kernelSpelling(to) }),
    };
    const found = probeOf(spelled, expected, number, ground);
    return typeof found === 'string'
      ? { test, expected, direction, probe: null, reason: found }
      : { test, expected, direction, probe: found, reason: null };
  });
}

function inKernelSpelling(expected: Expectation): Expectation {
  return expected.kind === 'dnat' ? { ...expected, address: kernelSpelling(expected.address) } : expected;
}

function probeOf(test: RulesetTest, expected: Expectation, number: number, ground: Ground): Probe | string {
  const { protocol, port = 0, icmpType = 'echo-request', state = 'new' } = test;
  const family = familyOfTest(test);
  const sender = senderOf(test, ground);
  if (typeof sender === 'string') return sender;
  const to = test.to ?? firstAddress(sender.place ?? 'lo', family, ground.picture);
  if (to === undefined) return `${sender.place ?? 'lo'} has no global address of ${family}: say "to"`;
  const listeners = listenersOf(test, expected, { to, port, sender: sender.place }, ground);
  if (typeof listeners === 'string') return listeners;
  const obstacle = obstacleOf(test, sender.place, to, listeners, ground);
  if (obstacle !== null) return obstacle;
  return {
    number,
    family,
    protocol,
    sender: sender.place,
    from: test.from ?? null,
    fromPort: test.fromPort ?? FIRST_PORT + number,
    to,
    port,
    icmp: icmpTypeOf(icmpType, family) ?? [0, 0],
    state,
    listeners,
  };
}

/** Who waits for the packet: where it goes by itself, and where it is to be sent on to. */
function listenersOf(
  test: RulesetTest,
  expected: Expectation,
  { to, port, sender }: { to: string; port: number; sender: Place },
  ground: Ground,
): Listener[] | string {
  const unusable = unusableDestination(test, to, ground.routes.get(to)?.isBroadcast === true);
  if (unusable !== null) return unusable;
  const receiver = receiverOf(test, to, sender, ground);
  if (typeof receiver === 'string') return receiver;
  const listeners: Listener[] = [{ place: receiver.place, address: to, port }];
  if (expected.kind !== 'dnat') return listeners;
  const there = placeOf(expected.address, ground, test.from, sender);
  if (typeof there === 'string') return there;
  return [...listeners, { place: there.place, address: expected.address, port: expected.port ?? port }];
}

/** Why the packet cannot be tried; `null`: it can. */
function obstacleOf(
  { direction, from }: RulesetTest,
  sender: Place,
  to: string,
  listeners: readonly Listener[],
  ground: Ground,
): string | null {
  for (const { place } of listeners) {
    if (place !== null && place === sender)
      return `it would leave by ${place}, by which it came, and that cannot be tried`;
    if (place !== null && !hasInterface(place, ground)) return `there is no interface ${place} on this host`;
  }
  const isOfHost = from !== undefined && (isOwn(from, ground) || isLoopback(from));
  if (direction === 'out' && from !== undefined && !isOfHost) return `${from} is no address of this host`;
  if (sender !== null && isOfHost)
    return `${from} is an address of this host itself, and cannot be the source of a packet that comes by ${sender}`;
  const isOfLink = [from ?? '', to].some((address) => /^fe[89ab]/i.test(address));
  return isOfLink ? 'link-local addresses cannot be tried' : null;
}

interface Found {
  place: Place;
}

function senderOf(test: RulesetTest, ground: Ground): Found | string {
  const unusable = unusableSource(test);
  if (unusable !== null) return unusable;
  if (test.direction === 'out') return { place: null };
  if (test.in === 'lo') return { place: null };
  if (test.in !== undefined)
    return hasInterface(test.in, ground)
      ? { place: test.in }
      : `there is no interface ${test.in} on this host`;
  return placeOf(test.from ?? '', ground, test.to, null);
}

function receiverOf(test: RulesetTest, to: string, sender: Place, ground: Ground): Found | string {
  if (test.out !== undefined && test.out !== 'lo') return { place: test.out };
  return placeOf(to, ground, test.from, sender);
}

/** @param from where the packet comes from that goes to the address, and `by` which interface; `null`: from this host */
function placeOf(address: string, ground: Ground, from: string | undefined, by: Place): Found | string {
  if (isOwn(address, ground)) return { place: null };
  const route = routeOf(address, ground, from, by);
  if (route === undefined) return `this host has no route to ${address}`;
  return { place: route.device === 'lo' ? null : route.device };
}

function isOwn(address: string, { picture, routes }: Ground): boolean {
  const isAddress = picture.interfaces.some((link) => link.addresses.some((own) => own.address === address));
  return isAddress || routes.get(address)?.device === 'lo';
}

function hasInterface(name: string, { picture }: Ground): boolean {
  return picture.interfaces.some((link) => link.name === name);
}

function firstAddress(name: string, family: 'ipv4' | 'ipv6', picture: HostPicture): string | undefined {
  const link = picture.interfaces.find((one) => one.name === name);
  return link?.addresses.find((own) => own.family === family && (own.isGlobal || name === 'lo'))?.address;
}
