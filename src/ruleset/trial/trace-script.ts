import type { Family } from '../../contract/identifiers.ts';
import { appendAll } from '../append-all.ts';
import { commandsOf } from '../text/lint-command.ts';
import { SentCommand } from '../text/sent-text.ts';
import { countRules } from '../wanted/count-copies.ts';
import { isSection, type TrialLine } from './trial.ts';

/**
 * Follows commands through the chains of a table. Returns for each chain the lines that its rules come from, in order. This only
 * serves to name a line to people: what the table has, the kernel has said.
 *
 * @returns `null` if a command cannot be followed: a deletion by text may hit any rule
 */
export function traceScript(lines: readonly TrialLine[], family: Family): Map<string, TrialLine[]> | null {
  let chains = new Map<string, TrialLine[]>();

  for (const line of lines) {
    if (line.kind !== 'command') return null;
    // A second `*TABLE` begins the whole table anew.
    if (isSection(line)) chains = new Map();
    else if (line.text.startsWith(':')) chains.set(/^:([^ ]+)/.exec(line.text)?.[1] ?? '', []);
    else if (!follow(chains, line, family)) return null;
  }
  return chains;
}

function follow(chains: Map<string, TrialLine[]>, line: TrialLine, family: Family): boolean {
  const sent = new SentCommand(line.source ?? 0, line.text, family);
  const [command] = commandsOf(sent.reading.options);
  if (command === undefined) return true;
  const [chain = '', second] = command.values;
  if ('FX'.includes(command.name)) empty(chains, chain);
  else if (command.name === 'E') rename(chains, chain, second ?? '');
  else if ('AIRD'.includes(command.name)) {
    const rules = chains.get(chain) ?? [];
    chains.set(chain, rules);
    return edit(rules, command.name, second, times(line, countRules(sent)));
  }
  return true;
}

/** @returns whether it is known which rules the command concerns */
function edit(rules: TrialLine[], command: string, position: string | undefined, made: TrialLine[]): boolean {
  const at = position === undefined ? 0 : Number(position) - 1;
  if (command === 'A') appendAll(rules, made);
  else if (command === 'I') rules.splice(at, 0, ...made.slice(0, MOST_AT_ONCE));
  else if (command === 'R') rules.splice(at, 1, ...made.slice(0, 1));
  else rules.splice(at, 1);
  return (command !== 'D' || position !== undefined) && made.length <= MOST_AT_ONCE;
}

/** More rules than one line can make by mistake. With more, the commands are not followed. */
const MOST_AT_ONCE = 10_000;

function empty(chains: Map<string, TrialLine[]>, chain: string): void {
  if (chain === '') chains.clear();
  else chains.delete(chain);
}

function rename(chains: Map<string, TrialLine[]>, from: string, to: string): void {
  chains.set(to, chains.get(from) ?? []);
  chains.delete(from);
}

function times(line: TrialLine, count: number): TrialLine[] {
  return Array.from({ length: count }, () => line);
}
