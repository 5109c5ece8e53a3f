import type { Family } from '../../contract/identifiers.ts';
import { type Rule, rulesByChain, type Table } from '../model.ts';
import { commandsOf } from '../text/lint-command.ts';
import type { RuleOption } from '../text/read-options.ts';
import { SentCommand } from '../text/sent-text.ts';
import { isSection, type TrialLine } from './trial.ts';

/**
 * Returns commands that make the same table, in which the packet counter of each rule is the number of the line that made it. What
 * becomes of the rules (`-D` by text, `-R`, `-E`) need not be followed then: iptables carries the numbers along.
 */
export function markLines(lines: readonly TrialLine[], family: Family): TrialLine[] {
  return lines.flatMap((line) => {
    const name = commandOf(line, family)?.name ?? '';
    if (MAKES_NOTHING.has(name)) return [];
    return MAKES_RULES.has(name) ? { ...line, text: `-c ${line.source} 0 ${line.text}` } : line;
  });
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
export function withSources(table: Table, marked: Table | null): Table | null {
  const traced = rulesByChain(marked?.rules ?? []);
  const chains = rulesByChain(table.rules);
  const isSame = [...chains].every(([chain, rules]) => areSame(rules, traced.get(chain) ?? []));
  if (!isSame) return null;
  return {
    ...table,
    rules: [...chains].flatMap(([chain, rules]) => withLines(rules, traced.get(chain) ?? [])),
  };
}

/** The counters of a rule with a mark, which no packet has met. */
const MARK = /^[1-9]\d*:0$/;

function areSame(rules: readonly Rule[], traced: readonly Rule[]): boolean {
  if (rules.length !== traced.length) return false;
  return traced.every(
    ({ text, counters }, index) => text === rules[index]?.text && MARK.test(counters ?? ''),
  );
}

function withLines(rules: readonly Rule[], traced: readonly Rule[]): Rule[] {
  return rules.map((rule, index) => ({ ...rule, line: Number.parseInt(traced[index]?.counters ?? '0', 10) }));
}
