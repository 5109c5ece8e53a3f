import type { Probe } from '../../ruleset/trial/packets.ts';
import { type Ground, routeOf } from './ground.ts';
import type { ProbedTest } from './resolve-tests.ts';
import { isLoopback } from './unusable-address.ts';

type WithProbe = ProbedTest & { probe: Probe };

/** Why a packet may be lost with no rules at all, as far as it can be told. */
export function whyLost(of: WithProbe, ground: Ground): string {
  return (
    brokenLink(of, ground) ??
    forwardsNothing(of, ground) ??
    forLoopback(of) ??
    otherWayBack(of, ground) ??
    otherWayThere(of, ground) ??
    'it is lost on its way through the host'
  );
}

function brokenLink({ probe: { sender, listeners } }: WithProbe, { picture }: Ground): string | null {
  const places = new Set([sender, ...listeners.map(({ place }) => place)]);
  for (const { name, isUp, hasCarrier } of picture.interfaces) {
    if (!places.has(name) || hasCarrier) continue;
    return isUp ? `the link ${name} has no carrier` : `the link ${name} is down`;
  }
  return null;
}

function forwardsNothing({ direction, probe }: WithProbe, { picture }: Ground): string | null {
  const { family, listeners } = probe;
  const goesOn =
    direction === 'forward' || (direction === 'in' && listeners.some(({ place }) => place !== null));
  const setting = family === 'ipv4' ? 'ipv4/ip_forward' : 'ipv6/conf/all/forwarding';
  return goesOn && picture.settings.get(setting) === '0'
    ? `this host forwards nothing (${setting} is 0)`
    : null;
}

function forLoopback({ probe: { sender, to } }: WithProbe): string | null {
  return sender !== null && isLoopback(to)
    ? `${to} is a loopback address, and what comes for it by ${sender} is lost`
    : null;
}

function otherWayBack({ test: { from }, probe: { sender, to } }: WithProbe, ground: Ground): string | null {
  if (sender === null || from === undefined) return null;
  const device = routeOf(from, ground, to, null)?.device;
  if (device === undefined) return `this host has no route to ${from}`;
  if (device === sender) return null;
  return `it comes in by ${sender}, and the route to ${from} is by ${device}: rp_filter is in its way, or its answer goes another`;
}

function otherWayThere(
  { test: { out, from }, probe: { to, sender } }: WithProbe,
  ground: Ground,
): string | null {
  const device = routeOf(to, ground, from, sender)?.device;
  return out === undefined || device === undefined || device === out
    ? null
    : `the route to ${to} is by ${device}`;
}
