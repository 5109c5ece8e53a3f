import { bytesDigest } from '../digest.ts';
import { appendText, type Rule } from '../model.ts';
import type { CommonLine } from '../text/common-line.ts';
import { jumpOf } from '../text/jump-of.ts';
import { commandsOf } from '../text/lint-command.ts';
import type { RuleOption } from '../text/read-options.ts';
import type { SentCommand } from '../text/sent-text.ts';
import { quoteWord } from '../text/split-words.ts';

/** A rule that a line appends or inserts. */
export interface SentRule {
  rule: Rule;
  /** The position as it was sent; `null` if the line appends, or inserts at the head. */
  position: string | null;
}

/**
 * Reads the rule of a line that appends or inserts one, by `-A CHAIN` or `-I CHAIN` in any spelling and place; `null` for any other line.
 * The other words stay as they were sent.
 */
export function readSentRule(command: SentCommand): SentRule | null {
  return command.common === null ? readByWords(command) : readCommon(command, command.common);
}

function readCommon({ line, text }: SentCommand, { command, chain, jump }: CommonLine): SentRule {
  const spec = text.slice('-A '.length + chain.length + 1);
  const insert = command === 'I';
  const own = insert ? appendText(chain, spec) : text;
  return { rule: { chain, spec, text: own, jump, insert, counters: null, line }, position: null };
}

function readByWords({ line, text, words, reading }: SentCommand): SentRule | null {
  const [command] = commandsOf(reading.options);
  if (command === undefined || (command.name !== 'A' && command.name !== 'I')) return null;
  const [chain, position = null] = command.values;
  if (chain === undefined || command.isNegated) return null;
  // What would stand beside it without the command might take it for its value (`--rateest-bps -A edge 5bps`).
  if (command.at.word > 0 && reading.stray.length > 0) return null;
  const spec =
    plainSpec(text, command.name, chain, position) ?? wordsBeside(command, words).map(quoteWord).join(' ');
  const rule = {
    chain,
    spec,
    text: appendText(chain, spec),
    jump: jumpOf(reading.options),
    insert: command.name === 'I',
    counters: null,
    line,
  };
  return { rule, position: position === '1' ? null : position };
}

/** The words of a line but for those of its command. Where none is stray, iptables takes them in the same sense without it. */
function wordsBeside({ at, values, isGlued }: RuleOption, words: readonly string[]): string[] {
  const own = words[at.word] ?? '';
  // `-fA edge` is `-f -A edge`.
  const before = at.letter === 0 ? [] : [own.slice(0, at.letter + 1)];
  const end = at.word + 1 + values.length - (isGlued ? 1 : 0);
  return [...words.slice(0, at.word), ...before, ...words.slice(end)];
}

/**
 * Returns the rest of a line that begins in the usual spelling, exactly as it was sent. For other lines the words are joined
 * again.
 */
function plainSpec(text: string, name: string, chain: string, position: string | null): string | null {
  const start = `-${name} ${chain}`;
  if (position !== null || !text.startsWith(start)) return null;
  const rest = text.slice(start.length);
  return rest === '' || rest.startsWith(' ') ? rest.replace(/^[ \t]+|[ \t]+$/g, '') : null;
}

/**
 * Returns one rule for each that iptables makes of the line. Each copy but the first gets a text of its own, with a number behind
 * a zero byte, so that copies can be told apart. It has the digest of the line and not the line itself: a line of 10,000 bytes
 * makes hundreds of rules, and a text thousands of such lines.
 */
export function copiesOf(rule: Rule, count: number): Rule[] {
  if (count === 1) return [rule];
  const digest = bytesDigest(rule.text);
  return Array.from({ length: count }, (_, index) => ({
    ...rule,
    text: index === 0 ? rule.text : appendText(rule.chain, `${digest}\u0000${index}`),
    copy: { index, of: count },
  }));
}
