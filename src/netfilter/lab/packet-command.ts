import type { Probe } from '../../ruleset/trial/packets.ts';

/** What the helper of a sender is told, to send the packet of a probe. */
export function commandsOf(probe: Probe, kind: 'first' | 'more', round: number): string[] {
  const { number, uid, gid } = probe;
  const isOwned = uid !== undefined || gid !== undefined;
  const owner = isOwned ? [`owner ${number} ${uid ?? '-'} ${gid ?? '-'}`] : [];
  return [...owner, commandOf(probe, kind, round)];
}

function commandOf(probe: Probe, kind: 'first' | 'more', round: number): string {
  const { number, protocol, family, fromPort, to, port, icmp, state } = probe;
  const from = probe.from ?? '-';
  const version = family === 'ipv4' ? 4 : 6;
  if (protocol === 'icmp')
    return `icmp ${number} ${round} ${version} ${from} ${to} ${icmp[0]} ${icmp[1]} ${number}`;
  if (protocol === 'udp') {
    const word = state === 'established' && kind === 'first' ? 'answer' : '';
    return `udp ${number} ${round} ${version} ${from} ${fromPort} ${to} ${port} ${word}`;
  }
  return kind === 'more'
    ? `more ${number} ${round}`
    : `tcp ${number} ${round} ${version} ${from} ${fromPort} ${to} ${port}`;
}
