/** From the first to the last, both in it. */
export interface Range<T> {
  first: T;
  last: T;
}

/** One condition: the value is in one of the ranges, or in none of them. */
export interface Condition<T> {
  ranges: readonly Range<T>[];
  isNegated: boolean;
  /** How it is told to people. */
  text: string;
}

export type Protocol = 'tcp' | 'udp' | 'icmp';

/** What a packet has to have, to meet a rule and all that leads to it. */
export interface Conditions {
  sources: readonly Condition<bigint>[];
  destinations: readonly Condition<bigint>[];
  sourcePorts: readonly Condition<number>[];
  ports: readonly Condition<number>[];
  protocols: readonly { name: Protocol; isNegated: boolean }[];
  icmp: readonly { type: string; isNegated: boolean }[];
  inBy: readonly { pattern: string; isNegated: boolean }[];
  outBy: readonly { pattern: string; isNegated: boolean }[];
  /** User and group of the local process that sends it. */
  uids: readonly Condition<number>[];
  gids: readonly Condition<number>[];
  /** The Ethernet address of the neighbour that it comes from. */
  macs: readonly { address: string; isNegated: boolean }[];
  /** The marks that other rules have to have given it. */
  marks: readonly { value: number; mask: number; isNegated: boolean; text: string }[];
  /** The mark that it has by then. */
  mark: number;
  states: readonly ('new' | 'established')[];
  /** Whether the packet is for the host itself; `null`: either. */
  isLocal: boolean | null;
  /** Whether a process of the host sends it; `null`: either. */
  isSent: boolean | null;
}

export const ANY: Conditions = {
  sources: [],
  destinations: [],
  sourcePorts: [],
  ports: [],
  protocols: [],
  icmp: [],
  inBy: [],
  outBy: [],
  uids: [],
  gids: [],
  macs: [],
  marks: [],
  mark: 0,
  states: ['new', 'established'],
  isLocal: null,
  isSent: null,
};

/** Both conditions together; `null` if a packet cannot have what they ask for. */
export function both(one: Conditions, other: Conditions): Conditions | null {
  const states = one.states.filter((state) => other.states.includes(state));
  const isContrary = areContrary(one.isLocal, other.isLocal) || areContrary(one.isSent, other.isSent);
  if (states.length === 0 || isContrary) return null;
  return {
    sources: [...one.sources, ...other.sources],
    destinations: [...one.destinations, ...other.destinations],
    sourcePorts: [...one.sourcePorts, ...other.sourcePorts],
    ports: [...one.ports, ...other.ports],
    protocols: [...one.protocols, ...other.protocols],
    icmp: [...one.icmp, ...other.icmp],
    inBy: [...one.inBy, ...other.inBy],
    outBy: [...one.outBy, ...other.outBy],
    uids: [...one.uids, ...other.uids],
    gids: [...one.gids, ...other.gids],
    macs: [...one.macs, ...other.macs],
    marks: [...one.marks, ...other.marks],
    mark: one.mark === 0 ? other.mark : one.mark,
    states,
    isLocal: one.isLocal ?? other.isLocal,
    isSent: one.isSent ?? other.isSent,
  };
}

function areContrary(one: boolean | null, other: boolean | null): boolean {
  return one !== null && other !== null && one !== other;
}
