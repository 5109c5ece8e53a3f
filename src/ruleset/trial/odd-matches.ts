/** Matches on what a namespace has not: what they would say of a packet cannot be tried. */
const UNTRIABLE = ['physdev', 'policy', 'owner', 'cgroup', 'mac'] as const;
/** Matches that say another thing at another time, or after other packets. */
const CHANGING = [
  'limit',
  'hashlimit',
  'recent',
  'quota',
  'statistic',
  'time',
  'connlimit',
  'connbytes',
  'rateest',
  'cpu',
] as const;
/** Of these targets it makes no difference whether a packet meets them. */
const HARMLESS = /-j (?:LOG|NFLOG|ULOG|TRACE|AUDIT)\b/;
const HAS_TARGET = / -[jg] /;
const ODD = new RegExp(`-m (${[...UNTRIABLE, ...CHANGING].join('|')})(?= |$)`);
/**
 * Of the socket that sent a packet. The kernel's own discovery of neighbours (ICMPv6) has one, or none, that is the same on each machine:
 * what becomes of it is tried as it is on the host.
 */
const OF_SOCKET = /-m (?:owner|cgroup) /;
const METER = 'fleetwall met ';

/** A rule that a trial has to be careful with. */
export interface OddRule {
  text: string;
  match: string;
  /** Whether a packet that meets it cannot be judged at all. */
  isUntriable: boolean;
}

/** Says whether a rule's line has a match that makes trials differ, and a target that makes it matter. */
export function oddRuleOf(line: string): OddRule | null {
  const [, match] = ODD.exec(line) ?? [];
  if (match === undefined || HARMLESS.test(line) || !HAS_TARGET.test(line)) return null;
  return { text: line, match, isUntriable: UNTRIABLE.some((name) => line.includes(`-m ${name} `)) };
}

/**
 * Puts before each odd rule one that only counts: it has the other matches, so that it counts the packets that meet the odd one.
 *
 * @param isOfDiscovery whether any ICMPv6 is the kernel's own, as no test sends some
 */
export function withMeters(saved: string, isOfDiscovery: boolean): { text: string; odd: OddRule[] } {
  const odd: OddRule[] = [];
  const lines = saved.split('\n').flatMap((line) => {
    const found = line.startsWith('-A ') ? oddRuleOf(line) : null;
    if (found === null) return [line];
    odd.push(found);
    const isLeftOut = isOfDiscovery && OF_SOCKET.test(line) && !/ -p /.test(line);
    const others = isLeftOut ? ' ! -p ipv6-icmp' : '';
    return [`${withoutOdd(line)}${others} -m comment --comment "${METER}${odd.length - 1}"`, line];
  });
  return { text: lines.join('\n'), odd };
}

/** The odd rules that packets have met. @param saved with counters, after {@link withMeters} */
export function metIn(saved: string, odd: readonly OddRule[]): OddRule[] {
  return [...saved.matchAll(new RegExp(`^\\[(\\d+):\\d+\\] -A .*"${METER}(\\d+)"`, 'gm'))].flatMap(
    ([, packets, index]) => (Number(packets) > 0 ? (odd[Number(index)] ?? []) : []),
  );
}

/** The line without its odd matches and its target. A match and what belongs to it end at the next match or target. */
function withoutOdd(line: string): string {
  const parts = line.split(/ (?=-[mjg] )/);
  const kept = parts.filter((part) => {
    const [, kind, name = ''] = /^-([mjg]) (\S+)/.exec(part) ?? [];
    if (kind === 'j' || kind === 'g') return false;
    return kind !== 'm' || !ODD.test(`-m ${name}`);
  });
  return kept.join(' ');
}
