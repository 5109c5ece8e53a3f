import type { Family } from '../contract/identifiers.ts';
import { appendAll } from './append-all.ts';
import { countRules } from './count-rules.ts';
import { commandsOf } from './text/lint-command.ts';
import { SentCommand } from './text/sent-text.ts';
import type { TrialLine } from './trial.ts';

/**
 * Follows commands through the chains of a table: for each chain, the lines that its rules are from, in order. Only to name a
 * line to a person: what there is, the kernel has said.
 *
 * @returns `null` where it cannot be followed: a rule that is deleted by its text may be any
 */
export function traceScript(lines: readonly TrialLine[], family: Family): Map<string, TrialLine[]> | null {
  let chains = new Map<string, TrialLine[]>();
  let section = 0;
  for (const line of lines) {
    if (line.kind !== 'command') return null;
    // `*TABLE` once more: all of it begins anew.
    if (line.section !== section) chains = new Map();
    section = line.section;
    if (line.text.startsWith(':')) chains.set(/^:(\S+)/.exec(line.text)?.[1] ?? '', []);
    else if (!follow(chains, line, family)) return null;
  }
  return chains;
}

function follow(chains: Map<string, TrialLine[]>, line: TrialLine, family: Family): boolean {
  const sent = new SentCommand(line.source ?? 0, line.text, family);
  const [command] = commandsOf(sent.reading.options);
  const [chain = '', second] = command?.values ?? [];
  const rules = chains.get(chain) ?? [];
  const at = second === undefined ? 0 : Number(second) - 1;
  switch (command?.name) {
    case 'A':
      appendAll(rules, times(line, countRules(sent)));
      chains.set(chain, rules);
      return true;
    case 'I':
      chains.set(chain, rules.toSpliced(at, 0, ...times(line, countRules(sent))));
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
