import { rejectionByIcmp } from '../../contract/jobs/rejections.ts';
import type { Fate, Observation, Probe, SeenPacket } from './packets.ts';

const RST = 0x04;
const ECHO_REPLY = { ipv4: 0, ipv6: 129 };
const ECHO_REQUEST = { ipv4: 8, ipv6: 128 };

interface Arrival {
  address: string;
  port: number;
}

/**
 * What became of the packet of a probe in one round, by what was seen.
 *
 * @param round 0: the first packet of a flow; what comes later is `more`
 */
export function fateOf(probe: Probe, round: number, seen: readonly Observation[]): Fate {
  const arrival = arrivalOf(probe, round, seen);
  const needsAnswer = round === 0 && probe.protocol === 'tcp';
  const isEcho = probe.protocol === 'icmp' && probe.icmp[0] === ECHO_REQUEST[probe.family];
  if (arrival !== null) {
    // Where nobody was expected, nobody answers.
    if (!isAwaited(probe, arrival)) return { kind: 'dnat', ...arrival };
    if (needsAnswer && !seen.some((one) => one.kind === 'answered' && isOf(probe, round, one)))
      return { kind: 'no-answer' };
    if (isEcho && !seen.some((one) => isEchoReply(probe, round, one))) return { kind: 'no-answer' };
    return isWhereItGoes(probe, arrival) ? { kind: 'accept' } : { kind: 'dnat', ...arrival };
  }
  const returned = rejectionOf(probe, seen);
  return returned === null ? { kind: 'drop' } : { kind: 'reject', with: returned };
}

function isOf({ number }: Probe, round: number, seen: { number: number | null; round: number | null }) {
  return seen.number === number && seen.round === round;
}

/** Where the packet arrived: of several signs, the one that says most. */
function arrivalOf(probe: Probe, round: number, seen: readonly Observation[]): Arrival | null {
  for (const one of seen)
    if (one.kind === 'arrived' && isOf(probe, round, one)) return { address: one.address, port: one.port };
  const packet = arrivedPacket(probe, round, seen);
  if (packet === null) return null;
  const address = packet.to === '-' ? probe.to : packet.to;
  return { address, port: packet.protocol === 'icmp' ? 0 : packet.second };
}

/** Where the packet came from, as it was seen when it arrived; `null`: it was not seen. */
export function sourceOf(probe: Probe, round: number, seen: readonly Observation[]): string | null {
  return arrivedPacket(probe, round, seen)?.from ?? null;
}

function arrivedPacket(probe: Probe, round: number, seen: readonly Observation[]): SeenPacket | null {
  for (const one of seen) {
    const isBack = probe.sender !== null && one.kind === 'packet' && one.place === probe.sender;
    if (one.kind === 'packet' && !isBack && isForward(probe, round, one.packet)) return one.packet;
  }
  return null;
}

/** Says whether a packet is that of the probe, on its way there, and not an answer. */
function isForward(probe: Probe, round: number, packet: SeenPacket): boolean {
  if (packet.family !== probe.family || packet.protocol !== probe.protocol || packet.about !== null)
    return false;
  return isOf(probe, round, packet) && (packet.protocol !== 'icmp' || packet.first === probe.icmp[0]);
}

function isEchoReply(probe: Probe, round: number, one: Observation): boolean {
  if (one.kind !== 'packet' || one.place !== probe.sender) return false;
  const { packet } = one;
  return (
    packet.protocol === 'icmp' && packet.first === ECHO_REPLY[probe.family] && isOf(probe, round, packet)
  );
}

function isAwaited({ listeners, protocol }: Probe, { address, port }: Arrival): boolean {
  return listeners.some((one) => one.address === address && (protocol === 'icmp' || one.port === port));
}

function isWhereItGoes(probe: Probe, { address, port }: Arrival): boolean {
  return address === probe.to && (probe.protocol === 'icmp' || port === probe.port);
}

/** How the packet was refused, by what came back to its sender; `null`: nothing came. */
function rejectionOf(probe: Probe, seen: readonly Observation[]): string | null {
  for (const one of seen) {
    if (one.kind !== 'packet' || one.place !== probe.sender) continue;
    const { packet } = one;
    if (packet.about !== null && isAbout(probe, packet.about)) {
      const known = rejectionByIcmp(probe.family, packet.first, packet.second);
      return known?.name ?? `icmp type ${packet.first} code ${packet.second}`;
    }
    const isReset = packet.protocol === 'tcp' && (packet.tcpFlags & RST) !== 0;
    if (
      isReset &&
      probe.protocol === 'tcp' &&
      packet.first === probe.port &&
      packet.second === probe.fromPort
    )
      return 'tcp-reset';
  }
  return null;
}

function isAbout(probe: Probe, about: SeenPacket): boolean {
  if (about.protocol !== probe.protocol || about.to !== probe.to) return false;
  if (probe.protocol === 'icmp') return about.number === probe.number;
  return about.first === probe.fromPort && about.second === probe.port;
}
