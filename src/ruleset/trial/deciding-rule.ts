import { type Rule, rulesByChain, type Table } from '../model.ts';

/** What ended the way of a packet: a rule, or the policy of a chain. */
export interface Decision {
  table: string;
  chain: string;
  /** `null`: the policy of the chain. */
  rule: Rule | null;
  /** The place of the rule in its chain, from 0. */
  index: number;
  verdict: string;
}

export type Direction = 'in' | 'out' | 'forward';

const HOOKS: Readonly<Record<Direction, readonly string[]>> = {
  in: ['PREROUTING', 'INPUT'],
  forward: ['PREROUTING', 'FORWARD', 'POSTROUTING'],
  out: ['OUTPUT', 'POSTROUTING'],
};
const TABLE_ORDER = ['raw', 'mangle', 'nat', 'filter', 'security'];
const REFUSING = new Set(['DROP', 'REJECT', 'NFQUEUE', 'QUEUE', 'TARPIT']);
const ENDING = new Set([...REFUSING, 'ACCEPT', 'DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT', 'NETMAP', 'TPROXY']);

/**
 * The rules and policies that may have taken a packet away, the likeliest first, by the counters of a namespace in which that packet
 * and what answers it were under way. The kernel sends a packet of its own there now and then (reports of multicast groups, discovery
 * of neighbours), and that one has counted as well: each of these is no more than possible.
 */
export function findRefusing(tables: ReadonlyMap<string, Table>, direction: Direction): Decision[] {
  const found: Decision[] = [];
  const policies: Decision[] = [];
  // Of an answer, or of what is translated and sent on.
  const others: Decision[] = [];
  for (const name of TABLE_ORDER) {
    const table = tables.get(name);
    if (table === undefined) continue;
    for (const [chain, rules] of rulesByChain(table.rules)) {
      for (const [index, rule] of rules.entries()) {
        const verdict = rule.jump?.target ?? '';
        if (REFUSING.has(verdict) && hasCounted(rule.counters))
          found.push({ table: name, chain, rule, index, verdict });
      }
    }
    for (const { name: chain, policy, counters } of table.chains.values()) {
      if (policy !== 'DROP' || !hasCounted(counters)) continue;
      const own = HOOKS[direction].includes(chain) ? policies : others;
      own.push({ table: name, chain, rule: null, index: -1, verdict: policy });
    }
  }
  return [...found, ...policies, ...others];
}

/** What may have let a packet pass the filter of its direction, as {@link findRefusing}; none: nothing filters it. */
export function findAccepting(tables: ReadonlyMap<string, Table>, direction: Direction): Decision[] {
  const chain = { in: 'INPUT', out: 'OUTPUT', forward: 'FORWARD' }[direction];
  return findEnding(tables.get('filter'), chain);
}

/** What may have given a packet its destination, or left it as it was, as {@link findRefusing}. */
export function findTranslating(tables: ReadonlyMap<string, Table>, direction: Direction): Decision[] {
  return findEnding(tables.get('nat'), direction === 'out' ? 'OUTPUT' : 'PREROUTING');
}

/** Follows the rules that have counted, from a chain on, to those that ended it; last, the policy. */
function findEnding(table: Table | undefined, start: string): Decision[] {
  if (table === undefined) return [];
  const rules = rulesByChain(table.rules);
  const found = follow(start, { name: table.name, rules }, new Set());
  const { policy } = table.chains.get(start) ?? { policy: null };
  if (policy === null) return found;
  return [...found, { table: table.name, chain: start, rule: null, index: -1, verdict: policy }];
}

interface Followed {
  name: string;
  rules: ReadonlyMap<string, Rule[]>;
}

/** Goes on behind a verdict: what has counted there was met by another packet than what has counted before. */
function follow(chain: string, table: Followed, seen: Set<string>): Decision[] {
  if (seen.has(chain)) return [];
  seen.add(chain);
  return (table.rules.get(chain) ?? []).flatMap((rule, index) => {
    if (!hasCounted(rule.counters) || rule.jump === null) return [];
    const { target } = rule.jump;
    if (ENDING.has(target)) return [{ table: table.name, chain, rule, index, verdict: target }];
    return follow(target, table, seen);
  });
}

function hasCounted(counters: string | null): boolean {
  return counters !== null && !counters.startsWith('0:');
}

/** Commands that give a decision the opposite verdict; `null`: it has none. */
export function oppositeOf({ table, chain, rule, index, verdict }: Decision): string | null {
  const other = opposite(table, verdict, rule !== null);
  if (other === null) return null;
  if (rule === null) return `*${table}\n-P ${chain} ${other}\nCOMMIT\n`;
  const end = Math.max(rule.spec.lastIndexOf(`-j ${verdict}`), 0);
  return `*${table}\n-R ${chain} ${index + 1} ${rule.spec.slice(0, end)}-j ${other}\nCOMMIT\n`;
}

function opposite(table: string, verdict: string, isRule: boolean): string | null {
  if (table === 'nat') return isRule && verdict !== 'ACCEPT' ? 'ACCEPT' : null;
  return REFUSING.has(verdict) ? 'ACCEPT' : 'DROP';
}
