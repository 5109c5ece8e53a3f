import type { Rule } from '../model.ts';
import { type RuleOption, readOptions } from '../text/read-options.ts';
import { splitWords } from '../text/split-words.ts';

const VERDICTS = new Set(['ACCEPT', 'DROP', 'RETURN', 'QUEUE']);
/** How a rule begins that has a condition, at a glance. */
const HAS_CONDITION =
  /^(?:!|-m |-f |-[io] [^+ "]|-p (?!all|ip |hopopt|0)[\w-]+ |-[sd] [\da-fA-F:.]+(?:\/[1-9][\d.]*)? )/;

/**
 * Says whether no packet comes behind a rule: it gives a verdict, and has no condition. The legacy kernel does not follow a chain
 * past such a rule (`mark_source_chains` in net/ipv4/netfilter/ip_tables.c): for it, what stands there is reached from nowhere, and it
 * takes rules and loops there that it refuses elsewhere.
 *
 * `-p all` is said to have no condition. For IPv6 it is one, which always holds: such a rule is then tried once more than it needs to be.
 */
export function endsChain({ spec, jump, copy }: Rule): boolean {
  if (jump === null || jump.isGoto || !VERDICTS.has(jump.target) || copy !== undefined) return false;
  if (spec === `-j ${jump.target}`) return true;
  if (HAS_CONDITION.test(spec)) return false;
  const { options, stray, unknown } = readOptions(splitWords(spec));
  return stray.length === 0 && unknown.length === 0 && options.every(isNoCondition);
}

function isNoCondition({ owner, name, values, isNegated }: RuleOption): boolean {
  if (owner !== 'iptables' || isNegated) return false;
  if (name === 'p') return /^(?:all|ip|hopopt|0x0+|0+)$/i.test(values[0] ?? '');
  if (name === 's' || name === 'd') return /\/(?:0+|0+\.0+\.0+\.0+|::)$/.test(values[0] ?? '');
  return name === 'j' || name === 'c' || name === '4' || name === '6';
}
