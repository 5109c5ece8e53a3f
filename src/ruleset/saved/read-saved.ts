import { emptyTable, type Rule, type Table } from '../model.ts';
import { plainJump } from './plain-rule.ts';
import { readJump } from './read-jump.ts';

/** A rule by its place, which iptables can be asked for. */
interface RuleAt {
  chain: string;
  /** From 1. */
  position: number;
  /** As it is thought to be. */
  text: string;
}

export interface SavedTable {
  table: Table;
  /**
   * Rules that are there, in these very words, only if the text was read rightly: a name with a line break in it looks like two
   * rules. If all of these are there, all is.
   */
  doubtful: RuleAt[];
  /** The chains of these, and those with a rule that may look like several: in all others, each line is a rule. */
  unclear: ReadonlySet<string>;
}

// Of Unicode, some bytes are blanks; of iptables, none but those of ASCII.
const CHAIN_LINE = /^:([^ ]+) ([^ ]+)(?: \[(\d+:\d+)\])?$/;
const RULE_START = /^(?:\[(\d+:\d+)\] )?-([AI]) ([^ \n]+)/;

/**
 * Reads one table as `iptables-save -t` prints it. A rule begins where a line looks as if one did, and goes on to the next: what
 * is in between, and belongs to no rule, is part of the one before it.
 *
 * @returns `null` for the text of no table, or of one that is cut off
 */
export function readSavedTable(text: string, name: string): SavedTable | null {
  const lines = text.split('\n');
  const first = lines.indexOf(`*${name}`);
  // A comment may look like the end: the true one is the last.
  const last = lines.lastIndexOf('COMMIT');
  if (first === -1 || last < first) return null;
  return readSection(lines, first, last, name, isCounted);
}

/** Reads several tables, of which nobody's text but ours is, so that each line is what it looks like. */
export function readSavedTables(text: string): Map<string, Table> {
  const tables = new Map<string, Table>();
  const lines = text.split('\n');
  for (let first = 0; first < lines.length; first += 1) {
    const line = lines[first] ?? '';
    if (!line.startsWith('*')) continue;
    const last = lines.indexOf('COMMIT', first);
    if (last === -1) break;
    const name = line.slice(1);
    tables.set(name, readSection(lines, first, last, name, () => true).table);
    first = last;
  }
  return tables;
}

/** What is saved with counters has them before each rule, and each chain is declared. */
function isCounted(line: string, chains: Table['chains']): boolean {
  const [, counters, , chain = ''] = RULE_START.exec(line) ?? [];
  return counters !== undefined && chains.has(chain);
}

/** @param isStart whether a line that looks like a rule is the beginning of one */
function readSection(
  lines: readonly string[],
  first: number,
  last: number,
  name: string,
  isStart: (line: string, chains: Table['chains']) => boolean,
): SavedTable {
  const table: Table = { ...emptyTable(name), line: first + 1, commitLine: last + 1 };
  const doubted = new Set<string>();
  const unclear = new Set<string>();
  const isRuleStart = (line = '') => RULE_START.test(line) && isStart(line, table.chains);
  let isAfterOdd = false;
  for (let at = readChains(table, lines, first + 1, last); at < last; ) {
    let end = at + 1;
    while (end < last && !isRuleStart(lines[end])) end += 1;
    const rule = readRule(linesOf(lines, at, end), at + 1);
    table.rules.push(rule);
    if (isAfterOdd) doubted.add(rule.chain);
    if (rule.isOdd === true) unclear.add(rule.chain);
    isAfterOdd = rule.isOdd === true;
    at = end;
  }
  const doubtful = doubted.size === 0 ? [] : lastRules(table.rules, doubted);
  return { table, doubtful, unclear: new Set([...unclear, ...doubted]) };
}

function linesOf(lines: readonly string[], from: number, end: number): string {
  return end === from + 1 ? (lines[from] ?? '') : lines.slice(from, end).join('\n');
}

/** @returns the line at which the rules begin */
function readChains(table: Table, lines: readonly string[], from: number, last: number): number {
  let at = from;
  for (; at < last; at += 1) {
    const [, chain, policy, counters] = CHAIN_LINE.exec(lines[at] ?? '') ?? [];
    if (chain === undefined || policy === undefined) break;
    table.chains.set(chain, {
      name: chain,
      policy: policy === '-' ? null : policy,
      counters: counters ?? null,
      line: at + 1,
    });
  }
  while (at < last && !RULE_START.test(lines[at] ?? '')) at += 1;
  return at;
}

/** @param saved with its counters, if there are any */
export function readRule(saved: string, line: number): Rule {
  const [, counters, command, chain = ''] = RULE_START.exec(saved) ?? [];
  const insert = command === 'I';
  const bare = counters === undefined ? saved : saved.slice(counters.length + '[] '.length);
  const text = insert ? bare.replace('-I', '-A') : bare;
  const plain = plainJump(text);
  const spec = text.slice('-A '.length + chain.length + 1);
  const jump = plain ?? readJump(text);
  const rule = { chain, spec, text, jump, insert, counters: counters ?? null, line };
  return plain === null ? { ...rule, isOdd: true } : rule;
}

/** If a chain has as many rules as were read, and the last of them is as it was read, then all of them are. */
function lastRules(rules: readonly Rule[], chains: ReadonlySet<string>): RuleAt[] {
  const last = new Map<string, RuleAt>();
  for (const { chain, text } of rules) {
    const position = (last.get(chain)?.position ?? 0) + 1;
    if (chains.has(chain)) last.set(chain, { chain, position, text });
  }
  return [...last.values()];
}
