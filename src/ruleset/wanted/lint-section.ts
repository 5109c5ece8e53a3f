import type { Family } from '../../contract/words/identifiers.ts';
import { LINES_A_STEP, type Steps } from '../../steps.ts';
import { appendAll } from '../append-all.ts';
import type { Problem } from '../model.ts';
import { builtInChains } from '../tables.ts';
import { lintCommand } from '../text/lint-command.ts';
import { targetOptions } from '../text/option-table.ts';
import { isChain, type SentChain, type SentCommand, type SentSection } from '../text/sent-text.ts';
import { countRules } from './count-copies.ts';

/**
 * XT_EXTENSION_MAXNAMELEN without the final zero byte: the most bytes of a chain's name in the kernel
 * (linux/netfilter/x_tables.h).
 */
const LONGEST_CHAIN_NAME_BYTES = 28;
const VERDICTS = new Set(['ACCEPT', 'DROP', 'RETURN', 'QUEUE']);
const POLICIES = new Set(['ACCEPT', 'DROP']);

/**
 * The most rules of a table: as many as a text may have lines. A single line can list so many addresses that it makes thousands.
 */
const MOST_RULES = 200_000;

/** Finds what is wrong with single lines of a section, in either scope. */
export function* lintSection({ table, lines }: SentSection, family: Family): Steps<Problem[]> {
  const problems: Problem[] = [];
  let rules = 0;
  for (const [index, line] of lines.entries()) {
    if (index % LINES_A_STEP === 0) yield;
    if (isChain(line)) {
      const reason = lintChain(line, table);
      if (reason !== null) problems.push({ line: line.line, table, chain: line.name, reason });
      continue;
    }
    const count = countRules(line);
    rules += count;
    if (line.common === null) appendAll(problems, lintOdd(line, { table, family, count, rules }));
  }
  return problems;
}

function lintOdd(
  command: SentCommand,
  { table, family, count, rules }: { table: string; family: Family; count: number; rules: number },
): Problem[] {
  const reasons = lintCommand(command, family);
  if (rules > MOST_RULES && count > 1)
    reasons.push(
      `makes ${count} rules of its addresses, and with them the table has over ${MOST_RULES}: use an ipset`,
    );
  if (reasons.length === 0) return [];
  const chain = command.reading.options.find(({ name }) => name === 'A' || name === 'I')?.values[0] ?? null;
  return reasons.map((reason) => ({ line: command.line, table, chain, reason }));
}

function lintChain({ name, policy }: SentChain, table: string): string | null {
  if (name.length > LONGEST_CHAIN_NAME_BYTES) {
    return `the name of a chain has at most ${LONGEST_CHAIN_NAME_BYTES} bytes, and this one ${name.length}`;
  }
  if (/^[-!]/.test(name)) return `the name of a chain does not begin with ${name.charAt(0)}`;
  if (VERDICTS.has(name) || targetOptions(name) !== undefined)
    return `${name} is a target: give the chain another name`;
  if (policy === '-') return null;
  if (!builtInChains(table).includes(name)) {
    return `only a built-in chain has a policy: write :${name} - [0:0]`;
  }
  return POLICIES.has(policy) ? null : `a policy is ACCEPT or DROP, not ${policy}`;
}

/** Returns the section without its bad lines, and without the rules in, or the jumps to, a chain whose declaration is bad. */
export function withoutLines(section: SentSection, bad: ReadonlySet<number>): SentSection {
  if (bad.size === 0) return section;
  const gone = new Set(chainsOf(section).flatMap(({ line, name }) => (bad.has(line) ? name : [])));
  const lines = section.lines.filter((line) => !bad.has(line.line) && (isChain(line) || !names(line, gone)));
  return { ...section, lines };
}

function names(command: SentCommand, chains: ReadonlySet<string>): boolean {
  if (chains.size === 0) return false;
  const { common } = command;
  if (common !== null) return chains.has(common.chain) || chains.has(common.jump.target);
  return command.reading.options.some(
    ({ owner, name, values }) => owner === 'iptables' && 'AIjg'.includes(name) && chains.has(values[0] ?? ''),
  );
}

export function chainsOf({ lines }: SentSection): SentChain[] {
  return lines.filter(isChain);
}

export function commandsIn({ lines }: SentSection): SentCommand[] {
  return lines.filter((line): line is SentCommand => !isChain(line));
}
