import type { Family } from '../../contract/identifiers.ts';
import { lintAddress } from './lint-address.ts';
import type { RuleOption } from './read-options.ts';
import type { SentCommand } from './sent-text.ts';
import { hasOpenQuote } from './split-words.ts';

/** What a LOG prefix and a comment may hold at most, in bytes: legacy cuts off the rest without a word. */
const LONGEST: Readonly<Record<string, number>> = { 'log-prefix': 29, comment: 255 };

/** The letters of iptables' own options that are part of a rule. */
const OF_A_RULE = new Set([...'fgijmops', 'd']);
/** … and of those that are commands which a restore may give. */
export const COMMANDS = new Set([...'ACDEFINPRXZ']);

/**
 * What is wrong with a line by itself: iptables would do something else with it than make rules, look up a name, or make
 * something else of it than it says. What iptables refuses by itself is left to it.
 */
export function lintCommand(command: SentCommand, family: Family): string[] {
  if (command.common !== null) return [];
  const { text, reading } = command;
  if (hasOpenQuote(text)) {
    return ['a quote is opened and never closed, and would swallow the rest of the rule: close it'];
  }
  const reasons: string[] = [];
  for (const option of reading.options) {
    const reason = lintOption(option, family);
    if (reason !== null) reasons.push(reason);
  }
  for (const { written } of commandsOf(reading.options).slice(1))
    reasons.push(`${written} is a second command: a line does one thing`);
  return reasons;
}

export function commandsOf(options: readonly RuleOption[]): RuleOption[] {
  return options.filter(({ owner, name }) => owner === 'iptables' && COMMANDS.has(name));
}

function lintOption(option: RuleOption, family: Family): string | null {
  const { owner, name, values } = option;
  if (owner === 'iptables' && !OF_A_RULE.has(name) && !COMMANDS.has(name))
    return `${option.written} is an option of the program and no part of a rule: leave it out`;
  if (owner === 'iptables' && 'jg'.includes(name) && values[0] === undefined) return 'the jump has no target';
  if (option.isAddress) {
    return misplacedNegation(option) ?? misspelt(option) ?? lintAddress(option.written, values[0], family);
  }
  if (owner === 'iptables' && 'iop'.includes(name)) return misplacedNegation(option);
  if (owner !== 'iptables' && name.endsWith('port') && values[0] === '!') return misplacedNegation(option);
  const most = LONGEST[name];
  const bytes = values[0]?.length ?? 0;
  return most === undefined || bytes <= most
    ? null
    : `${option.written} has ${bytes} bytes, and would be cut: ${most} are possible`;
}

/** `-s ! 10.0.0.0/8` is what iptables took long ago. */
function misplacedNegation(option: RuleOption): string | null {
  return option.values[0] === '!' ? `"!" goes before the option: write ! ${option.written} …` : null;
}

const LONG_NAMES = new Set(['sport', 'dport', 'sports', 'dports', 'src', 'dst', 'source', 'destination']);

/** `-dport` is `-d port`, and rather meant for `--dport`. */
function misspelt({ name, values }: RuleOption): string | null {
  const long = `${name}${values[0] ?? ''}`;
  return values[0] !== undefined && LONG_NAMES.has(long)
    ? `-${long} has one dash too few: write --${long}`
    : null;
}
