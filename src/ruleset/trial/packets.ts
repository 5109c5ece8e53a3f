import type { Family } from '../../contract/words/identifiers.ts';

/** Where a packet is sent from, or arrives: behind an interface; `null`: on the host itself. */
export type Place = string | null;

/** Who sends a packet, where that matters. */
export interface ProbeSender {
  /** User and group of the process on the host. */
  uid?: number;
  gid?: number;
  /** The Ethernet address of the neighbour. */
  mac?: string;
}

/** One packet that is tried, with all decided that a test leaves open. */
export interface Probe extends ProbeSender {
  /** Its number, which its packets carry. */
  number: number;
  family: Family;
  protocol: 'tcp' | 'udp' | 'icmp';
  sender: Place;
  /** `null`: the host chooses. */
  from: string | null;
  /** No other that is sent beside it has the same: by it a refusal is known. */
  fromPort: number;
  to: string;
  /** 0 for ICMP. */
  port: number;
  icmp: readonly [type: number, code: number];
  state: 'new' | 'established';
  /** Where somebody waits for it. */
  listeners: readonly Listener[];
}

export interface Listener {
  place: Place;
  address: string;
  port: number;
}

/** What was seen in a namespace. */
export type Observation =
  /** A packet: on the host, one that has come through its rules; at a neighbour, one that has come out of the host. */
  | { kind: 'packet'; place: Place; packet: SeenPacket }
  /** What came to somebody who waited for it. */
  | { kind: 'arrived'; place: Place; number: number; round: number; address: string; port: number }
  /** A connection was made, and answered. */
  | { kind: 'answered'; number: number; round: number }
  /** Its sender could not even begin to send it. */
  | { kind: 'unsent'; number: number };

export interface SeenPacket {
  family: Family;
  from: string;
  /** `-`: not known. */
  to: string;
  protocol: 'tcp' | 'udp' | 'icmp';
  /** Ports; of ICMP, its type and code. */
  first: number;
  second: number;
  tcpFlags: number;
  /** The number of the probe and the round that it carries; the first packet of a TCP connection has them in its sequence number. */
  number: number | null;
  round: number | null;
  /** What an ICMP error is about. */
  about: SeenPacket | null;
}

/** What became of a packet. */
export type Fate =
  | { kind: 'accept' | 'drop' | 'no-answer' | 'lost-answer' }
  | { kind: 'reject'; with: string }
  | { kind: 'dnat'; address: string; port: number };
