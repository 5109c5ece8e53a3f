import type { Rule } from '../../ruleset/model.ts';
import type { HostPicture } from '../ports/packets.ts';
import type { ChainRules, ChangedRule } from './changed-rules.ts';
import { ANY, both, type Conditions } from './conditions.ts';
import { withMark } from './markers.ts';
import type { Way, Ways } from './ways.ts';
import { type Witness, witnessesOf } from './witnesses.ts';

/** So many packets are tried for a rule. */
const MOST_PACKETS = 5;
/** Of those, so many that other rules take, too. */
const MOST_SHARED = 3;
/** With one other rule. */
const SHARED_EACH = 2;
/** So many other rules are looked at for these. */
const MOST_OTHERS = 64;

/** The rules of a table, and the ways of packets through them. */
export interface Side {
  rules: ChainRules;
  ways: Ways;
  /** The ways to rules that mark packets, in any table. */
  markers: () => readonly Way[];
}

/**
 * Packets that meet a rule, by what it and the jumps to it ask for. Where one that nothing else speaks of makes no difference, one may that
 * a later rule would take, which says something else.
 */
export function candidatesOf(
  changed: ChangedRule,
  { rules, ways, markers }: Side,
  picture: HostPicture,
): Witness[] {
  const { chain, rule, of } = changed;
  if (rule === null) {
    const any = take(witnessesOf({ base: chain, conditions: ANY }, of.family, picture), MOST_PACKETS);
    const what = `what no rule of ${chain} takes`;
    return any.map(({ packet, sender }) => ({ packet, sender, what, part: what }));
  }
  const own = ways.conditionsOf(rule);
  if (own === null) return [];
  const found = ways.to(chain).map(({ base, conditions }) => ({ base, conditions: both(conditions, own) }));
  const open = found.filter(
    (way): way is { base: string; conditions: Conditions } => way.conditions !== null,
  );
  const packetsFor = (way: Way, most: number) =>
    withMark(way, markers).flatMap((marked) => take(witnessesOf(marked, of.family, picture), most));
  const alone = open.map((way) => packetsFor(way, MOST_PACKETS));
  const shared = open.flatMap(({ base, conditions }) =>
    othersOf(changed, rule, base, rules).flatMap((other) => {
      const theirs = ways.conditionsOf(other);
      const joined = theirs === null ? null : both(conditions, theirs);
      return joined === null ? [] : packetsFor({ base, conditions: joined }, SHARED_EACH);
    }),
  );
  const first = alone.flat().slice(0, MOST_PACKETS - Math.min(shared.length, MOST_SHARED));
  return [...first, ...shared].slice(0, MOST_PACKETS);
}

/** Rules that would do something else with a packet: those of the chain that a rule leads to; else those behind it. */
function othersOf({ chain, how }: ChangedRule, rule: Rule, base: string, { chains }: ChainRules): Rule[] {
  const target = rule.jump?.target ?? '';
  const inner = chains.get(target);
  if (inner !== undefined) return inner.filter(({ jump }) => jump !== null).slice(0, MOST_OTHERS);
  const own = chains.get(chain) ?? [];
  const behind = how === 'moved' ? own : own.slice(own.indexOf(rule) + 1);
  const last = base === chain ? [] : (chains.get(base) ?? []);
  return [...behind, ...last]
    .filter(({ jump }) => jump !== null && jump.target !== target && !chains.has(jump.target))
    .slice(0, MOST_OTHERS);
}

function take<T>(all: Iterable<T>, most: number): T[] {
  const taken: T[] = [];
  for (const one of all) {
    if (taken.length === most) break;
    taken.push(one);
  }
  return taken;
}
