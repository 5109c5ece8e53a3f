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
 * The rule that took a packet away, by the counters of a namespace in which only that packet and what answers it were under way.
 *
 * @param isOfAnswer whether an answer may have been taken away, and any policy with it
 */
export function findRefusing(
  tables: ReadonlyMap<string, Table>,
  direction: Direction,
  isOfAnswer: boolean,
): Decision | null {
  const policies: Decision[] = [];
  for (const name of TABLE_ORDER) {
    const table = tables.get(name);
    if (table === undefined) continue;
    for (const [chain, rules] of rulesByChain(table.rules)) {
      for (const [index, rule] of rules.entries()) {
        const verdict = rule.jump?.target ?? '';
        if (REFUSING.has(verdict) && hasCounted(rule.counters))
          return { table: name, chain, rule, index, verdict };
      }
    }
    for (const { name: chain, policy, counters } of table.chains.values()) {
      const isOnWay = isOfAnswer || HOOKS[direction].includes(chain);
      if (policy === 'DROP' && isOnWay && hasCounted(counters))
        policies.push({ table: name, chain, rule: null, index: -1, verdict: policy });
    }
  }
  return policies[0] ?? null;
}

/** The rule that let a packet pass the filter of its direction; `null`: nothing filters it. */
export function findAccepting(tables: ReadonlyMap<string, Table>, direction: Direction): Decision | null {
  const chain = { in: 'INPUT', out: 'OUTPUT', forward: 'FORWARD' }[direction];
  return findEnding(tables.get('filter'), chain);
}

/** The rule that gave a packet its destination, or left it as it was. */
export function findTranslating(tables: ReadonlyMap<string, Table>, direction: Direction): Decision | null {
  return findEnding(tables.get('nat'), direction === 'out' ? 'OUTPUT' : 'PREROUTING');
}

/** Follows the rules that have counted, from a chain on, to the one that ended it. */
function findEnding(table: Table | undefined, start: string): Decision | null {
  if (table === undefined) return null;
  const rules = rulesByChain(table.rules);
  const found = follow(start, { name: table.name, rules }, new Set());
  if (found !== null) return found;
  const { policy } = table.chains.get(start) ?? { policy: null };
  return policy === null ? null : { table: table.name, chain: start, rule: null, index: -1, verdict: policy };
}

interface Followed {
  name: string;
  rules: ReadonlyMap<string, Rule[]>;
}

function follow(chain: string, table: Followed, on: Set<string>): Decision | null {
  if (on.has(chain)) return null;
  on.add(chain);
  for (const [index, rule] of (table.rules.get(chain) ?? []).entries()) {
    if (!hasCounted(rule.counters) || rule.jump === null) continue;
    const { target, isGoto } = rule.jump;
    if (ENDING.has(target)) return { table: table.name, chain, rule, index, verdict: target };
    if (target === 'RETURN') break;
    const inner = table.rules.has(target) ? follow(target, table, on) : null;
    if (inner !== null) return inner;
    if (isGoto) break;
  }
  on.delete(chain);
  return null;
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
