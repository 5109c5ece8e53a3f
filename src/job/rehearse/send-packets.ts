import { FAMILIES, type Family } from '../../contract/words/identifiers.ts';
import { fateOf, sourceOf } from '../../ruleset/trial/fate.ts';
import { metIn, type OddRule, withMeters } from '../../ruleset/trial/odd-matches.ts';
import type { Fate, Observation, Probe } from '../../ruleset/trial/packets.ts';
import type { HostPicture, PacketLab, Packets } from '../ports/packets.ts';
import { layRules, linesOf, openRules, type TestedRules, withoutCounters } from './tested-rules.ts';
import { isSameAddress } from './unusable-address.ts';

/** How packets are to be sent. */
export interface Sending {
  packets: Packets;
  picture: HostPicture;
  /** The addresses behind each interface. */
  addresses: ReadonlyMap<string, readonly string[]>;
  /** `null`: no rules at all. */
  rules: TestedRules | null;
}

export interface SendOptions {
  /** Whether hosts on a link are known, and need not be discovered. */
  isKnown?: boolean;
  /** Whether rules are counted that cannot be tried, or not twice with the same result. */
  isMetered?: boolean;
  /** Whether neighbours take packets without an answer. */
  isMute?: boolean;
  /** Done with the rules before the packets are sent, such as to turn a verdict round. */
  edit?: { family: Family; text: string } | null;
  /** Whether the counters are read afterwards. */
  withCounters?: boolean;
}

export interface Sent {
  fates: Map<number, Fate>;
  /** What became of flows when they were opened; where that is not there, the packet was the first of its flow. */
  openings: Map<number, Fate>;
  /** The interfaces on which a neighbour was asked for, and not found. */
  unresolved: ReadonlySet<string>;
  /** Where packets came from, as it was seen where they arrived. */
  sources: ReadonlyMap<number, string | null>;
  met: OddRule[];
  saved: Map<Family, string>;
  /** The numbers of probes that their sender could not send. */
  unsent: ReadonlySet<number>;
}

/** Sends the packet of each probe side by side, in namespaces of their own. @throws {RestoreFailed} */
export async function sendPackets(
  probes: readonly Probe[],
  { packets, picture, addresses, rules }: Sending,
  options: SendOptions = {},
): Promise<Sent> {
  const lab = await packets.open({ picture, probes, addresses, isKnown: options.isKnown === true });
  try {
    return await sendIn(lab, probes, rules, options);
  } finally {
    await lab.close();
  }
}

async function sendIn(
  lab: PacketLab,
  probes: readonly Probe[],
  rules: TestedRules | null,
  options: SendOptions,
): Promise<Sent> {
  const families = FAMILIES.filter((family) => probes.some((probe) => probe.family === family));
  const later = probes.filter(isEstablished);
  const first = probes.filter((probe) => !isEstablished(probe));
  const laid = rules === null ? NOTHING_LAID : await layAll(lab, rules, families, probes, options);
  const openings = await openFlows(lab, later, laid.finals);
  for (const [family, text] of laid.finals) await lab.restore(family, text, true);
  if (openings.size > 0 && families.includes('ipv6')) await lab.forget();
  if (options.edit != null) await lab.restore(options.edit.family, options.edit.text, false);
  if (options.isMute === true) await lab.mute();
  const seen = [
    ...(first.length === 0 ? [] : await lab.send(first, 'first', 0)),
    ...(later.length === 0 ? [] : await lab.send(later, 'more', 1)),
  ];
  const saved = new Map<Family, string>();
  if (options.isMetered === true || options.withCounters === true)
    for (const family of families) saved.set(family, await lab.save(family));
  return {
    fates: fatesOf(first, 0, seen, fatesOf(later, 1, seen)),
    openings,
    sources: new Map(
      probes.map((probe) => [probe.number, sourceOf(probe, isEstablished(probe) ? 1 : 0, seen)]),
    ),
    unresolved: families.includes('ipv6') ? await lab.unresolved() : new Set(),
    met: [...saved.values()].flatMap((text) => metIn(text, laid.odd)),
    saved,
    unsent: new Set(seen.flatMap((one) => (one.kind === 'unsent' ? [one.number] : []))),
  };
}

function isEstablished({ state }: Probe): boolean {
  return state === 'established';
}

interface Laid {
  /** The whole rules of families that have to be restored once more. */
  finals: ReadonlyMap<Family, string>;
  odd: readonly OddRule[];
}

const NOTHING_LAID: Laid = { finals: new Map(), odd: [] };

async function layAll(
  lab: PacketLab,
  rules: TestedRules,
  families: readonly Family[],
  probes: readonly Probe[],
  { isMetered = false }: SendOptions,
): Promise<Laid> {
  const odd: OddRule[] = [];
  const finals = new Map<Family, string>();
  await lab.makeObjects(linesOf(rules));
  for (const family of families) {
    await layRules(lab, rules, family);
    const own = probes.filter((probe) => probe.family === family);
    if (!isMetered && !own.some(isEstablished)) continue;
    const full = withoutCounters(await lab.save(family));
    const isOfDiscovery = family === 'ipv6' && own.every(({ protocol }) => protocol !== 'icmp');
    const metered = isMetered ? withMeters(full, isOfDiscovery) : { text: full, odd: [] };
    odd.push(...metered.odd);
    finals.set(family, metered.text);
  }
  return { finals, odd };
}

/** Opens the flows of probes whose packet is a later one, before the rules are there. */
async function openFlows(
  lab: PacketLab,
  later: readonly Probe[],
  finals: ReadonlyMap<Family, string>,
): Promise<Map<number, Fate>> {
  if (later.length === 0) return new Map();
  for (const [family, text] of finals) await openRules(lab, text, family);
  return fatesOf(later, 0, await lab.send(later, 'first', 0));
}

function fatesOf(
  probes: readonly Probe[],
  round: number,
  seen: readonly Observation[],
  fates = new Map<number, Fate>(),
): Map<number, Fate> {
  for (const probe of probes) fates.set(probe.number, fateOf(probe, round, seen));
  return fates;
}

/** From where a packet comes in place of its source, with no rules at all: what becomes of that is not what was asked for. */
export function otherSource({ number, from }: Probe, bare: Sent): string | null {
  const source = bare.sources.get(number) ?? null;
  return from === null || source === null || isSameAddress(from, source) ? null : source;
}
