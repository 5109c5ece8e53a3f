/** How packets are tried before rules go live. Implemented in netfilter/. */
import type { Family } from '../../contract/words/identifiers.ts';
import type { PerFamily } from '../../ruleset/tables.ts';
import type { Observation, Probe } from '../../ruleset/trial/packets.ts';

/** The network of the host, as far as packets go by it. */
export interface HostPicture {
  interfaces: readonly HostInterface[];
  /** The lines of `ip route` and `ip rule`, for each family. */
  routes: PerFamily<readonly string[]>;
  rules: PerFamily<readonly string[]>;
  /** Paths below /proc/sys/net, and their values. */
  settings: ReadonlyMap<string, string>;
}

export interface HostInterface {
  name: string;
  isUp: boolean;
  hasCarrier: boolean;
  addresses: readonly HostAddress[];
}

export interface HostAddress {
  family: Family;
  address: string;
  prefixLength: number;
  /** Of a point-to-point link. */
  peer: string | null;
  isGlobal: boolean;
  /** By what else the kernel chooses among addresses and routes, in the words of `ip address add`: `preferred_lft 0`. */
  options?: string;
}

/** Where the route to an address leads; `null` as an interface: nowhere. */
export interface RouteTo {
  device: string | null;
  /** Whether the address is that of all on the link. */
  isBroadcast: boolean;
}

/** The way of a packet, where the host chooses by more than where it goes (`ip rule`). */
export interface Way {
  to: string;
  from: string;
  /** The interface by which it came; `null`: it is the host's own. */
  by: string | null;
}

/** Everything live that is to stand in the namespace. */
export interface LiveState {
  picture: HostPicture;
  /** As `iptables-save` prints it, without counters. */
  saved: PerFamily<string>;
  /** What of the host cannot stand in a namespace. */
  missing: readonly string[];
}

export interface LabRequest {
  picture: HostPicture;
  probes: readonly Probe[];
  /** The addresses that the neighbours have besides, by interface. */
  addresses: ReadonlyMap<string, readonly string[]>;
  /** Whether hosts on a link need not be discovered: their addresses are known. */
  isKnown: boolean;
}

/** The host in a namespace of its own, with a neighbour behind each interface that is needed. Everything is gone when it is closed. */
export interface PacketLab {
  /** Restores a text; with `flush`, tables that it names are emptied before. @throws {RestoreFailed} */
  restore(family: Family, text: string, flush: boolean): Promise<void>;
  /** Makes the sets and other objects that the texts name, with what is in them on the host. */
  makeObjects(texts: readonly string[]): Promise<void>;
  /** All tables, with counters. @throws {RestoreFailed} */
  save(family: Family): Promise<string>;
  /** Sends a packet of each probe. @returns what was seen, once nothing more comes. */
  send(probes: readonly Probe[], kind: 'first' | 'more', round: number): Promise<Observation[]>;
  /** What was discovered of neighbours has to be discovered again. */
  forget(): Promise<void>;
  /** From now on neighbours take packets without a word. */
  mute(): Promise<void>;
  /** The interfaces on which somebody was asked for, and not found. */
  unresolved(): Promise<Set<string>>;
  close(): Promise<void>;
}

export interface Packets {
  /** @throws {PacketsUnavailable} if a program is not installed, or the host cannot be read */
  look(): Promise<LiveState>;
  /** Where the host itself would send packets for these addresses. */
  routesTo(addresses: readonly string[]): Promise<Map<string, RouteTo>>;
  /** The same for packets of which more is known; those for which the host has no route are left out. */
  routesOf(ways: readonly Way[]): Promise<[Way, RouteTo][]>;
  /** The first entries of sets, by name. A set that is not there has none. */
  entriesOf(sets: readonly string[]): Promise<Map<string, readonly string[]>>;
  /** @throws {PacketsUnavailable | RehearsalUnavailable} */
  open(request: LabRequest): Promise<PacketLab>;
}

/** Packets cannot be tried on this host, and why. */
export class PacketsUnavailable extends Error {
  override readonly name = 'PacketsUnavailable';
}
