import { countRules } from './read-rule.ts';
import { commandsOf } from './text/lint-command.ts';
import { readOptions } from './text/read-options.ts';
import { splitWords } from './text/split-words.ts';
import type { TrialLine } from './trial.ts';

/**
 * Follows commands through the chains of a table: for each chain, the lines that its rules are from, in order. Only to name a
 * line to a person: what there is, the kernel has said.
 *
 * @returns `null` where it cannot be followed: a rule that is deleted by its text may be any
 */
export function traceScript(lines: readonly TrialLine[]): Map<string, TrialLine[]> | null {
  let chains = new Map<string, TrialLine[]>();
  let section = 0;
  for (const line of lines) {
    if (line.kind !== 'command') return null;
    // `*TABLE` once more: all of it begins anew.
    if (line.section !== section) chains = new Map();
    section = line.section;
    if (line.text.startsWith(':')) chains.set(/^:(\S+)/.exec(line.text)?.[1] ?? '', []);
    else if (!follow(chains, line)) return null;
  }
  return chains;
}

function follow(chains: Map<string, TrialLine[]>, line: TrialLine): boolean {
  const reading = readOptions(splitWords(line.text));
  const [command] = commandsOf(reading.options);
  const [chain = '', second] = command?.values ?? [];
  const rules = chains.get(chain) ?? [];
  const at = second === undefined ? 0 : Number(second) - 1;
  switch (command?.name) {
    case 'A':
      rules.push(...times(line, countRules(reading)));
      chains.set(chain, rules);
      return true;
    case 'I':
      chains.set(chain, rules.toSpliced(at, 0, ...times(line, countRules(reading))));
      return true;
    case 'R':
      chains.set(chain, rules.toSpliced(at, 1, line));
      return true;
    case 'D':
      chains.set(chain, rules.toSpliced(at, 1));
      return second !== undefined;
    case 'E':
      chains.set(second ?? '', rules);
      return chains.delete(chain) || rules.length === 0;
    case 'F':
    case 'X':
      if (chain === '') chains.clear();
      else chains.delete(chain);
      return true;
    default:
      return true;
  }
}

function times(line: TrialLine, count: number): TrialLine[] {
  return Array.from({ length: count }, () => line);
}
