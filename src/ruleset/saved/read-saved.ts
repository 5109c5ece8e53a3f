import { finish, LINES_A_STEP, type Steps } from '../../steps.ts';
import { emptyTable, type Rule, type Table } from '../model.ts';
import { KnownRules, ruleAgain } from './known-rules.ts';
import { plainJump } from './plain-rule.ts';
import { readJump } from './read-jump.ts';

/** A rule and its place. iptables can be asked what is at this place. */
interface RuleAt {
  chain: string;
  /** Counted from 1. */
  position: number;
  /** The rule's text, if the save was read rightly. */
  text: string;
}

export interface SavedTable {
  table: Table;
  /**
   * The last rule of each chain in doubt. A name with a line break may look like two rules. If iptables prints exactly these
   * rules at these places, the whole table was read rightly.
   */
  doubtful: RuleAt[];
  /** The chains in doubt, and those with an odd rule, which may look like several. In all other chains each line is one rule. */
  unclear: ReadonlySet<string>;
}

// Only the space itself separates words here: `\s` would also match bytes that are blanks in Unicode, but not for iptables.
const CHAIN_LINE = /^:([^ ]+) ([^ ]+)(?: \[(\d+:\d+)\])?$/;
const RULE_START = /^(?:\[(\d+:\d+)\] )?-([AI]) ([^ \n]+)/;

/**
 * Reads one table as `iptables-save -c -t` prints it. A rule begins at a line that looks like one, and ends before the next such
 * line. Lines in between belong to the rule before them.
 *
 * @param before the rules of this table as they were read last. Each line that is the same is only compared
 * @returns `null` if the text has no such table, or is cut off
 */
export function* readSavedTable(
  text: string,
  name: string,
  before: readonly Rule[] = [],
): Steps<SavedTable | null> {
  const lines = text.split('\n');
  const first = lines.indexOf(`*${name}`);
  // A comment with a line break may look like the end. The true COMMIT is the last one.
  const last = lines.lastIndexOf('COMMIT');
  if (first === -1 || last < first) return null;
  return yield* readSection(lines, first, last, name, { isStart: isCounted, known: new KnownRules(before) });
}

/** Reads several tables that were made of our own text only. So each line is what it looks like. */
export function readSavedTables(text: string): Map<string, Table> {
  return finish(readSavedSteps(text));
}

/** As {@link readSavedTables}. */
export function* readSavedSteps(text: string): Steps<Map<string, Table>> {
  const tables = new Map<string, Table>();
  const lines = text.split('\n');
  for (let first = 0; first < lines.length; first += 1) {
    const line = lines[first] ?? '';
    if (!line.startsWith('*')) continue;
    const last = lines.indexOf('COMMIT', first);
    if (last === -1) break;
    const name = line.slice(1);
    tables.set(name, (yield* readSection(lines, first, last, name, EVERY_LINE)).table);
    first = last;
  }
  return tables;
}

interface Reading {
  /** Says whether a line that looks like a rule begins one. Gets the match of {@link RULE_START}. */
  isStart: (start: RegExpExecArray, chains: Table['chains']) => boolean;
  known: KnownRules;
}

const EVERY_LINE: Reading = { isStart: () => true, known: new KnownRules([]) };

/** Says whether a line can begin a rule: a save with counters prints them before each rule, and declares each chain. */
function isCounted([, counters, , chain = '']: RegExpExecArray, chains: Table['chains']): boolean {
  return counters !== undefined && chains.has(chain);
}

function* readSection(
  lines: readonly string[],
  first: number,
  last: number,
  name: string,
  { isStart, known }: Reading,
): Steps<SavedTable> {
  const table: Table = { ...emptyTable(name), line: first + 1, commitLine: last + 1 };
  const doubted = new Set<string>();
  const unclear = new Set<string>();
  const startIn = (line = '') => {
    const same = known.next(line);
    if (same !== null && table.chains.has(same.chain)) return same;
    const start = RULE_START.exec(line);
    return start !== null && isStart(start, table.chains) ? start : null;
  };
  let isAfterOdd = false;
  let at = readChains(table, lines, first + 1, last);
  let start = startIn(lines[at]) ?? RULE_START.exec(lines[at] ?? '');
  while (at < last) {
    let end = at + 1;
    let next = null;
    while (end < last && (next = startIn(lines[end])) === null) end += 1;
    const same = end === at + 1 && start !== null && 'text' in start ? start : null;
    const rule =
      same === null ? readRule(linesOf(lines, at, end), at + 1) : ruleAgain(same, lines[at] ?? '', at + 1);
    start = next;
    table.rules.push(rule);
    if (table.rules.length % LINES_A_STEP === 0) yield;
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

/** @returns the index of the line at which the rules begin */
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

/** @param saved the rule, with its counters if there are any */
export function readRule(saved: string, line: number): Rule {
  const [, counters, command, chain = ''] = RULE_START.exec(saved) ?? [];
  const insert = command === 'I';
  const bare = counters === undefined ? saved : saved.slice(counters.length + '[] '.length);
  const text = insert ? bare.replace('-I', '-A') : bare;
  const plain = plainJump(text);
  const spec = text.slice('-A '.length + chain.length + 1);
  const rule = { chain, spec, text, jump: plain, insert, counters: counters ?? null, line };
  return plain === null ? { ...rule, jump: readJump(text), isOdd: true } : rule;
}

/**
 * Returns the last rule of each of these chains. A misleading text only adds rules. So if the last one is at its place, all rules
 * of the chain were read rightly.
 */
function lastRules(rules: readonly Rule[], chains: ReadonlySet<string>): RuleAt[] {
  const last = new Map<string, RuleAt>();
  for (const { chain, text } of rules) {
    const position = (last.get(chain)?.position ?? 0) + 1;
    if (chains.has(chain)) last.set(chain, { chain, position, text });
  }
  return [...last.values()];
}
