import type { TableChange } from '../../src/ruleset/plan/table-change.ts';

/** A table in a simulation: its chains, with their rules as `-A …` lines. */
export type SimulatedTable = Map<string, string[]>;

const BUILT_IN = new Set(['INPUT', 'FORWARD', 'OUTPUT']);

/** Changes a table as `iptables-restore --noflush` does, and is as strict: if it throws, it has changed nothing. */
export function simulateRestore(table: SimulatedTable, { lines, replaces }: TableChange): SimulatedTable {
  if (replaces) throw new Error('whole tables are not simulated');
  return simulateLines(
    table,
    lines.map(({ text }) => text),
  );
}

/** The same with plain lines of a table. */
export function simulateLines(table: SimulatedTable, lines: readonly string[]): SimulatedTable {
  const chains = new Map([...table].map(([name, rules]) => [name, [...rules]]));
  for (const text of lines) apply(chains, text.replace(/^\[\d+:\d+\] /, ''));
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
  const [, command = '', chain = '', place = '1', spec = ''] =
    /^-([ADIX]) (\S+)(?: (\d+)(?= ))?(?: (.*))?$/.exec(text) ?? [];
  const rules = chains.get(chain);
  if (rules === undefined) throw new Error(`${text}: there is no such chain`);
  const rule = spec === '' ? `-A ${chain}` : `-A ${chain} ${spec}`;
  if (command === 'A') rules.push(rule);
  if (command === 'I') insert(rules, Number(place), rule);
  if (command === 'D') remove(rules, rule);
  if (command === 'X') removeChain(chains, chain);
}

function insert(rules: string[], place: number, rule: string): void {
  if (place > rules.length + 1) throw new Error(`${rule}: the chain has no place ${place}`);
  rules.splice(place - 1, 0, rule);
}

function remove(rules: string[], rule: string): void {
  const at = rules.indexOf(rule);
  if (at === -1) throw new Error(`${rule}: there is no such rule`);
  rules.splice(at, 1);
}

function removeChain(chains: SimulatedTable, chain: string): void {
  if (BUILT_IN.has(chain) || chains.get(chain)?.length !== 0) throw new Error(`${chain} cannot be deleted`);
  const isUsed = [...chains.values()].flat().some((rule) => rule.endsWith(` ${chain}`));
  if (isUsed) throw new Error(`${chain} is in use`);
  chains.delete(chain);
}
