import type { TableChange } from '../../src/ruleset/change.ts';

/** Chains with their rules as `-A …` lines: what a table is to a simulation. */
export type SimulatedTable = Map<string, string[]>;

const BUILT_IN = new Set(['INPUT', 'FORWARD', 'OUTPUT']);

/** Does to a table what `iptables-restore --noflush` does, and is as strict: throws, and has changed nothing. */
export function simulateRestore(table: SimulatedTable, { lines, replaces }: TableChange): SimulatedTable {
  if (replaces) throw new Error('whole tables are not simulated');
  const chains = new Map([...table].map(([name, rules]) => [name, [...rules]]));
  for (const { text } of lines) apply(chains, text.replace(/^\[\d+:\d+\] /, ''));
  for (const rules of chains.values()) {
    for (const rule of rules) {
      const target = / -[jg] (\S+)$/.exec(rule)?.[1] ?? '';
      if (!/^[A-Z]+$/.test(target) && !chains.has(target))
        throw new Error(`${rule}: there is no chain ${target}`);
    }
  }
  return chains;
}

function apply(chains: SimulatedTable, text: string): void {
  const [, declared] = /^:(\S+) - \[0:0\]$/.exec(text) ?? [];
  if (declared !== undefined) {
    chains.set(declared, []);
    return;
  }
  const [, command, chain = '', place, spec = ''] =
    /^-([ADIX]) (\S+)(?: (\d+)(?= ))?(?: (.*))?$/.exec(text) ?? [];
  const rules = chains.get(chain);
  if (rules === undefined) throw new Error(`${text}: there is no such chain`);
  const rule = spec === '' ? `-A ${chain}` : `-A ${chain} ${spec}`;
  if (command === 'A') rules.push(rule);
  else if (command === 'I') {
    const at = Number(place ?? 1);
    if (at > rules.length + 1) throw new Error(`${text}: the chain is not so long`);
    rules.splice(at - 1, 0, rule);
  } else if (command === 'D') {
    const at = rules.indexOf(rule);
    if (at === -1) throw new Error(`${text}: there is no such rule`);
    rules.splice(at, 1);
  } else if (command === 'X') {
    if (BUILT_IN.has(chain) || rules.length > 0) throw new Error(`${text}: it cannot be deleted`);
    if ([...chains.values()].flat().some((other) => other.endsWith(` ${chain}`)))
      throw new Error(`${text}: it is in use`);
    chains.delete(chain);
  } else throw new Error(`${text}: no such command`);
}
