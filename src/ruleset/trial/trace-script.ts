import type { Family } from '../../contract/words/identifiers.ts';
import { LINES_A_STEP, type Steps } from '../../steps.ts';
import { type Rule, rulesByChain, type Table } from '../model.ts';
import { commandsOf } from '../text/lint-command.ts';
import type { RuleOption } from '../text/read-options.ts';
import { SentCommand } from '../text/sent-text.ts';
import { isSection, type TrialLine } from './trial.ts';

/**
 * By what a rule shows which line made it. A counter is no part of the rule, so that `-D` by its text finds it; ip6tables-nft 1.8.9 takes no
 * counters, whoever sets them, and makes all of them 0.
 */
export type MarkedBy = 'counter' | 'comment';

/**
 * Returns commands that make the same table, in which each rule has the number of the line that made it. What becomes of the rules (`-D`,
 * `-R`, `-E`) need not be followed then: iptables carries the numbers along.
 */
export function* markLines(lines: readonly TrialLine[], family: Family, by: MarkedBy): Steps<TrialLine[]> {
  const marked: TrialLine[] = [];
  for (const [index, line] of lines.entries()) {
    if (index % LINES_A_STEP === 0) yield;
    const name = commandOf(line, family)?.name ?? '';
    if (MAKES_NOTHING.has(name)) continue;
    marked.push(MAKES_RULES.has(name) ? { ...line, text: markOf(line, by) } : line);
  }
  return marked;
}

function markOf({ source, text }: TrialLine, by: MarkedBy): string {
  return by === 'counter' ? `-c ${source} 0 ${text}` : `${text} -m comment --comment ${COMMENT}${source}`;
}

const COMMENT = 'made-by-line-';
/** Of several comments it is the last: the others are the rule's own. */
const COMMENTED = new RegExp(`^(.*) -m comment --comment "?${COMMENT}(\\d+)"?((?: .*)?)$`, 's');

/** Says whether rules have kept what {@link markLines} has given them as counters. */
export function areMarked({ rules }: Table): boolean {
  return rules.length === 0 || rules.some(({ counters }) => MARK.test(counters ?? ''));
}

/** Turns rules that are marked by a comment into those that are marked by a counter. */
export function uncommented(table: Table): Table {
  const rules = table.rules.map((rule) => {
    const found = COMMENTED.exec(rule.text);
    if (found === null) return rule;
    const [, before = '', line, behind = ''] = found;
    return { ...rule, text: before + behind, counters: `${line}:0` };
  });
  return { ...table, rules };
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
