import { emptyTable, type Rule, rulesByChain, type Table } from '../model.ts';
import { plainJump } from './plain-rule.ts';
import { readJump } from './read-jump.ts';

/** A rule by its place, which iptables can be asked for. */
export interface RuleAt {
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
}

const CHAIN_LINE = /^:(\S+) (\S+)(?: \[(\d+:\d+)\])?$/;
const RULE_START = /^(?:\[(\d+:\d+)\] )?-([AI]) (\S+)/;

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
  return readSection(lines, first, last, name, (chains, chain) => chains.has(chain));
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

/** @param mayHave whether a chain may have rules: those that iptables saves are all declared */
function readSection(
  lines: readonly string[],
  first: number,
  last: number,
  name: string,
  mayHave: (chains: Table['chains'], chain: string) => boolean,
): SavedTable {
  const table: Table = { ...emptyTable(name), line: first + 1, commitLine: last + 1 };
  const doubted = new Set<string>();
  const isRuleStart = (line = '') => mayHave(table.chains, RULE_START.exec(line)?.[3] ?? '');
  let isAfterOdd = false;
  for (let at = readChains(table, lines, first + 1, last); at < last; ) {
    let end = at + 1;
    while (end < last && !isRuleStart(lines[end])) end += 1;
    const rule = readRule(linesOf(lines, at, end), at + 1);
    table.rules.push(rule);
    if (isAfterOdd) doubted.add(rule.chain);
    isAfterOdd = rule.isOdd === true;
    at = end;
  }
  return { table, doubtful: doubted.size === 0 ? [] : lastRules(table.rules, doubted) };
}

/**
 * Reads one table of which some rules cannot be told from the text alone, with the help of what `iptables -S CHAIN POSITION` prints
 * of each: there, a rule begins without counters, and what looks like the beginning of one within a name has the counters that
 * it has in the text.
 *
 * @param printed all rules of all chains in the order of the text; see {@link everyRule}
 * @returns `null` if the two are not of the same rules: they have changed meanwhile
 */
export function readSavedTableBy(printed: string, text: string, name: string): Table | null {
  const lines = text.split('\n');
  const first = lines.indexOf(`*${name}`);
  const last = lines.lastIndexOf('COMMIT');
  const table: Table = { ...emptyTable(name), line: first + 1, commitLine: last + 1 };
  const start = readChains(table, lines, first + 1, last);
  const shown = printed.split('\n');
  if (shown.length !== last - start) return null;
  for (let at = start; at < last; ) {
    if (!isStart(lines[at], shown[at - start])) return null;
    let end = at + 1;
    while (end < last && !isStart(lines[end], shown[end - start])) {
      if (lines[end] !== shown[end - start]) return null;
      end += 1;
    }
    table.rules.push(readRule(linesOf(lines, at, end), at + 1));
    at = end;
  }
  return table;
}

function isStart(saved = '', printed = ''): boolean {
  return saved.endsWith(`] ${printed}`) && /^\[\d+:\d+\] -A /.test(saved) && saved !== printed;
}

/**
 * The place of every rule that a table may have, chain by chain as a save prints them; those behind the last of a chain are printed
 * as nothing.
 */
export function everyRule({ chains, rules }: Table): Pick<RuleAt, 'chain' | 'position'>[] {
  const byChain = rulesByChain(rules);
  return [...chains.keys()].flatMap((chain) =>
    (byChain.get(chain) ?? []).map((_, index) => ({ chain, position: index + 1 })),
  );
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
function readRule(saved: string, line: number): Rule {
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
