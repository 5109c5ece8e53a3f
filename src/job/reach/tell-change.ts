import type { ReachedRule } from '../../contract/events/reach.ts';
import { fromBytes } from '../../ruleset/text/bytes.ts';
import type { Fate, Probe } from '../../ruleset/trial/packets.ts';
import { describeFate } from '../rehearse/judge-test.ts';
import type { ChangedRule } from './changed-rules.ts';

/** What became of one packet under both rules. */
export interface Tried {
  probe: Probe;
  direction: 'in' | 'out' | 'forward';
  what: string;
  part: string;
  before: Fate;
  after: Fate;
}

type Change = ReachedRule['change'];

const REFUSING = new Set(['DROP', 'REJECT']);
const HARMLESS = new Set(['LOG', 'NFLOG', 'ULOG', 'TRACE', 'AUDIT']);

/**
 * What a rule makes of its packets. What another rule does that changes as well is told there.
 *
 * @param tried the packets that could be sent, the likeliest first
 * @param what which packets the rule takes, where none could be sent
 * @param isMet whether the rule has counted any packet
 */
export function tellChange(
  changed: ChangedRule,
  tried: readonly Tried[],
  { what, line, isMet }: { what: string; line: number | null; isMet: boolean },
): ReachedRule {
  const { of, how, text } = changed;
  const decided = isMet ? findDeciding(changed, tried) : undefined;
  const shown = decided ?? tried[0];
  const change = decided === undefined ? 'none' : changeOf(decided.before, decided.after);
  return {
    family: of.family,
    table: of.table,
    rule: fromBytes(text).text,
    how,
    line,
    change,
    what: fromBytes(shown?.what ?? what).text,
    before: shown === undefined ? null : describeFate(shown.before),
    after: shown === undefined ? null : describeFate(shown.after),
    packet: shown === undefined ? null : packetOf(shown),
  };
}

/**
 * The packet that shows best what a rule makes of its packets: one that stands for others that all came to the same; else it
 * stands for some of them.
 */
function findDeciding(changed: ChangedRule, tried: readonly Tried[]): Tried | undefined {
  const changing = tried.filter((one) => isDecidedBy(changed, changeOf(one.before, one.after)));
  const isAlike = (one: Tried, key: 'what' | 'part') =>
    tried.every(
      (other) =>
        other[key] !== one[key] || changeOf(other.before, other.after) === changeOf(one.before, one.after),
    );
  const whole = changing.find((one) => isAlike(one, 'what'));
  if (whole !== undefined) return whole;
  const part = changing.find((one) => isAlike(one, 'part'));
  if (part !== undefined) return { ...part, what: part.part };
  const [first] = changing;
  return first === undefined ? undefined : { ...first, what: `some of ${first.what}` };
}

function changeOf(before: Fate, after: Fate): Change {
  const [was, is] = [isThrough(before), isThrough(after)];
  if (was !== is) return is ? 'opens' : 'closes';
  return describeFate(before) === describeFate(after) ? 'none' : 'changes';
}

function isThrough({ kind }: Fate): boolean {
  return kind === 'accept' || kind === 'dnat';
}

/** Says whether the rule can be what brings a packet to another end: not if it says the opposite, or decides nothing. */
function isDecidedBy({ how, rule, text }: ChangedRule, change: Change): boolean {
  if (change === 'none') return false;
  const verdict = rule === null ? (text.split(' ').at(-1) ?? '') : (rule.jump?.target ?? null);
  if (verdict === null || HARMLESS.has(verdict)) return false;
  const isRefusal = REFUSING.has(verdict);
  if (how === 'moved' || change === 'changes' || (!isRefusal && verdict !== 'ACCEPT')) return true;
  return (isRefusal === (how === 'added')) === (change === 'closes');
}

function packetOf({ probe, direction }: Tried): ReachedRule['packet'] {
  const { protocol, from, to, sender, port, fromPort, icmp, state, uid, gid, mac } = probe;
  const isIcmp = protocol === 'icmp';
  return {
    direction,
    protocol,
    from,
    to,
    in: sender,
    port: isIcmp ? null : port,
    fromPort: isIcmp ? null : fromPort,
    icmpType: isIcmp ? icmp.join('/') : null,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(mac === undefined ? {} : { mac }),
    state,
  };
}
