import type { Family } from '../../contract/words/identifiers.ts';
import { LINES_A_STEP, type Steps } from '../../steps.ts';
import { type Rule, rulesByChain, type Table } from '../model.ts';
import { commandsOf } from '../text/lint-command.ts';
import type { RuleOption } from '../text/read-options.ts';
import { SentCommand } from '../text/sent-text.ts';
import { isSection, type TrialLine } from './trial.ts';

/**
 * Returns commands that make the same table, in which the packet counter of each rule is the number of the line that made it. What
 * becomes of the rules (`-D` by text, `-R`, `-E`) need not be followed then: iptables carries the numbers along.
 */
export function* markLines(lines: readonly TrialLine[], family: Family): Steps<TrialLine[]> {
  const marked: TrialLine[] = [];
  for (const [index, line] of lines.entries()) {
    if (index % LINES_A_STEP === 0) yield;
    const name = commandOf(line, family)?.name ?? '';
    if (MAKES_NOTHING.has(name)) continue;
    marked.push(MAKES_RULES.has(name) ? { ...line, text: `-c ${line.source} 0 ${line.text}` } : line);
  }
  return marked;
}

const MAKES_RULES = new Set(['A', 'I', 'R']);
/** A question; and what zeroes counters, which would take the marks away. In one transaction with them, iptables-nft 1.8.9 fails at it. */
const MAKES_NOTHING = new Set(['C', 'Z']);

export function makesRules(line: TrialLine, family: Family): boolean {
  return MAKES_RULES.has(commandOf(line, family)?.name ?? '');
}

/** Returns the command that a line is, such as `-A CHAIN`; `null` if it is `:CHAIN`, or where a section begins. */
export function commandOf(line: TrialLine, family: Family): Pick<RuleOption, 'name' | 'values'> | null {
  if (line.text.startsWith(':') || isSection(line)) return null;
  const sent = new SentCommand(line.source ?? 0, line.text, family);
  if (sent.common !== null) return { name: sent.common.command, values: [sent.common.chain] };
  return commandsOf(sent.reading.options)[0] ?? null;
}

/**
 * Gives each rule of a table the line that made it.
 *
 * @param marked what {@link markLines} have made
 * @returns `null` if that is another table, or has a rule without a mark
 */
export function* withSources(table: Table, marked: Table | null): Steps<Table | null> {
  const traced = rulesByChain(marked?.rules ?? []);
  yield;
  const rules: Rule[] = [];
  for (const [chain, made] of rulesByChain(table.rules)) {
    const marks = traced.get(chain) ?? [];
    if (made.length !== marks.length) return null;
    for (const [index, rule] of made.entries()) {
      if (index % LINES_A_STEP === 0) yield;
      const line = lineMarkedOn(marks[index], rule);
      if (line === null) return null;
      rules.push({ ...rule, line });
    }
  }
  return { ...table, rules };
}

/** The counters of a rule with a mark, which no packet has met. */
const MARK = /^[1-9]\d*:0$/;

function lineMarkedOn(marked: Rule | undefined, { text }: Rule): number | null {
  const counters = marked?.counters ?? '';
  return marked?.text === text && MARK.test(counters) ? Number.parseInt(counters, 10) : null;
}
