import { LINES_A_STEP, type Steps } from '../../steps.ts';
import { type Rule, rulesByChain, type Table } from '../model.ts';
import { builtInChains } from '../tables.ts';
import { lostInSaving } from '../text/lost-in-saving.ts';
import type { Trial, TrialLine } from './trial.ts';

/** What the kernel made of the lines of a trial. */
export type TrialReading =
  /**
   * The kernel's spelling of each rule (the key is the rule's text as it was sent), and the sent texts of those that are odd
   * then.
   */
  | { spelled: ReadonlyMap<string, string>; odd: ReadonlySet<string> }
  /** The kernel made something else than the lines say. `line` is `null` if it is not known which line is the reason. */
  | { otherwise: string; line: TrialLine | null };

/**
 * Compares what a rehearsal has with what the lines say: each declared chain is there, each line has made its rules, and there is
 * nothing else.
 *
 * @param saved all tables of the family, after only these lines were restored
 */
export function* readTrial(
  trial: Trial,
  lines: readonly TrialLine[],
  saved: ReadonlyMap<string, Table>,
): Steps<TrialReading> {
  for (const [name, table] of saved) {
    const stray = name === trial.table ? null : strayOf(table);
    if (stray !== null) return { otherwise: `it makes "${stray}" in table ${name}`, line: null };
  }
  const table = saved.get(trial.table);
  const otherwise = differentChain(trial, lines, table);
  return otherwise === null ? yield* readRules(trial, lines, table) : { otherwise, line: null };
}

/** Returns a rule, chain or policy of a table in which nothing should be; `null` if there is none. */
export function strayOf(table: Table): string | null {
  const [rule] = table.rules;
  if (rule !== undefined) return rule.text;
  for (const { name, policy } of table.chains.values()) {
    if (policy === null || policy !== 'ACCEPT') return `:${name} ${policy ?? '-'}`;
  }
  return null;
}

function differentChain(
  { table: name, before, wanted }: Trial,
  lines: readonly TrialLine[],
  table: Table | undefined,
): string | null {
  const declared = new Set(before.flatMap(({ text }) => /^:([^ ]+)/.exec(text)?.[1] ?? []));
  for (const line of lines) if (line.kind === 'chain') declared.add(line.chain);
  const missing = [...declared].find((chain) => table?.chains.has(chain) !== true);
  if (missing !== undefined) return `there is no chain ${missing} then`;
  const builtIn = new Set(builtInChains(name));
  for (const { name: chain, policy } of table?.chains.values() ?? []) {
    if (!builtIn.has(chain) && !declared.has(chain)) return `it makes a chain ${chain}`;
    const expected = (declared.has(chain) ? wanted.policies.get(chain) : undefined) ?? 'ACCEPT';
    if (builtIn.has(chain) && policy !== expected) return `it makes the policy of chain ${chain} ${policy}`;
  }
  return null;
}

function* readRules(
  trial: Trial,
  lines: readonly TrialLine[],
  table: Table | undefined,
): Steps<TrialReading> {
  const found = rulesByChain(table?.rules ?? []);
  yield;
  const expected = yield* expectedRules(trial, lines);
  const counted = differentCounts(expected, found);
  if (counted !== null) return { otherwise: counted, line: null };
  yield;
  const spelled = new Map<string, string>();
  const odd = new Set<string>();
  for (const [chain, rules] of expected) {
    for (const [index, pair] of rules.entries()) {
      if (index % LINES_A_STEP === 0) yield;
      const saved = found.get(chain)?.[index];
      if (pair === null || saved === undefined) continue;
      const otherwise = differentRule(trial, pair.rule, saved);
      if (otherwise !== null) return { otherwise, line: pair.line };
      spelled.set(pair.rule.text, saved.text);
      if (saved.isOdd === true) odd.add(pair.rule.text);
    }
  }
  return { spelled, odd };
}

function differentCounts(
  expected: ReadonlyMap<string, readonly unknown[]>,
  found: ReadonlyMap<string, readonly Rule[]>,
): string | null {
  for (const chain of new Set([...expected.keys(), ...found.keys()])) {
    const otherwise = differentCount(chain, expected.get(chain)?.length ?? 0, found.get(chain) ?? []);
    if (otherwise !== null) return otherwise;
  }
  return null;
}

function differentCount(chain: string, expected: number, found: readonly Rule[]): string | null {
  if (found.length === expected) return null;
  const what = expected === 1 ? 'one rule' : `${expected === 0 ? 'no' : expected} rules`;
  const made = found.length === 0 ? 'none' : `${found.length} ("${found.at(-1)?.text ?? ''}")`;
  return `iptables reads it otherwise: of ${what} in chain ${chain} it makes ${made}`;
}

/** Says how a saved rule differs from the sent one. A hook must still be a hook, and no part (such as a negation) may be lost. */
function differentRule({ wanted }: Trial, rule: Rule, { text, jump }: Rule): string | null {
  if (!wanted.chains.has(rule.chain)) {
    if (jump === null || jump.isGoto || !wanted.chains.has(jump.target))
      return `iptables reads it otherwise, as "${text}": in a chain that it does not own, a ruleset may only jump to one of its own`;
  }
  return rule.text === text ? null : (otherJump(rule, jump, text) ?? lostInSaving(rule.spec, text));
}

/** Finds a jump that differs. An interface named `x -j DROP` is printed without quotes, and then looks like a jump. */
function otherJump({ jump }: Rule, now: Rule['jump'], text: string): string | null {
  const saved = now?.target ?? null;
  const sent = jump?.target ?? null;
  if (saved === sent || SAVED_AS[sent ?? ''] === saved) return null;
  return `iptables-save writes it as "${text}", which jumps to ${saved ?? 'nothing'}, and not to ${sent ?? 'nothing'}`;
}

/** Old names of targets, and what they are saved as. */
const SAVED_AS: Readonly<Record<string, string>> = { NOTRACK: 'CT' };

interface Expected {
  rule: Rule;
  line: TrialLine;
}

/** Returns the rules of each chain in their order after a trial; `null` for a rule that is not the ruleset's. */
function* expectedRules(
  { before }: Trial,
  lines: readonly TrialLine[],
): Steps<Map<string, (Expected | null)[]>> {
  const chains = new Map<string, (Expected | null)[]>();
  const inserted = new Map<string, (Expected | null)[]>();
  const add = (map: typeof chains, chain: string, value: Expected | null) => {
    const list = map.get(chain);
    if (list === undefined) map.set(chain, [value]);
    else list.push(value);
  };
  for (const { text } of before) {
    const chain = /^-A ([^ ]+)/.exec(text)?.[1];
    if (chain !== undefined) add(chains, chain, null);
  }
  for (const [index, line] of lines.entries()) {
    if (index % LINES_A_STEP === 0) yield;
    if (line.kind === 'chain' || line.kind === 'command') continue;
    for (const rule of line.rules) add(rule.insert ? inserted : chains, rule.chain, { rule, line });
  }
  // The rule that is inserted last stands first.
  for (const [chain, rules] of inserted)
    chains.set(chain, [...rules.toReversed(), ...(chains.get(chain) ?? [])]);
  return chains;
}
