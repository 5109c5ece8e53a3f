import { type Rule, rulesByChain, type Table } from '../model.ts';
import { builtInChains } from '../tables.ts';
import { lostInSaving } from '../text/lost-in-saving.ts';
import type { Trial, TrialLine } from './trial.ts';

/** What the kernel was found to have made of the lines of a trial. */
export type TrialReading =
  /** The kernel's spelling of each rule, by its text as it was sent, and which of them are odd in that spelling. */
  | { spelled: ReadonlyMap<string, string>; odd: ReadonlySet<string> }
  /** Something else than they say; `line` where it is known which. */
  | { otherwise: string; line: TrialLine | null };

/**
 * Holds what a rehearsal was found to have, all tables of the family, against what the lines said: each declared chain is
 * there, each line has made its rules, and there is nothing else.
 *
 * @param saved all tables, after lines of the trial and nothing else were restored
 */
export function readTrial(
  trial: Trial,
  lines: readonly TrialLine[],
  saved: ReadonlyMap<string, Table>,
): TrialReading {
  for (const [name, table] of saved) {
    const stray = name === trial.table ? null : strayOf(table);
    if (stray !== null) return { otherwise: `it makes "${stray}" in table ${name}`, line: null };
  }
  const table = saved.get(trial.table);
  const otherwise = differentChain(trial, lines, table);
  return otherwise === null ? readRules(trial, lines, table) : { otherwise, line: null };
}

/** Anything in a table that nobody has asked for. */
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

function readRules(trial: Trial, lines: readonly TrialLine[], table: Table | undefined): TrialReading {
  const found = rulesByChain(table?.rules ?? []);
  const expected = expectedRules(trial, lines);
  for (const chain of new Set([...expected.keys(), ...found.keys()])) {
    const otherwise = differentCount(chain, expected.get(chain)?.length ?? 0, found.get(chain) ?? []);
    if (otherwise !== null) return { otherwise, line: null };
  }
  const spelled = new Map<string, string>();
  const odd = new Set<string>();
  for (const [chain, rules] of expected) {
    for (const [index, pair] of rules.entries()) {
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

function differentCount(chain: string, expected: number, found: readonly Rule[]): string | null {
  if (found.length === expected) return null;
  const what = expected === 1 ? 'one rule' : `${expected === 0 ? 'no' : expected} rules`;
  const made = found.length === 0 ? 'none' : `${found.length} ("${found.at(-1)?.text ?? ''}")`;
  return `iptables reads it otherwise: of ${what} in chain ${chain} it makes ${made}`;
}

/** A hook has to be one in the kernel's words too, and a negation must not get lost: else what is saved is another rule. */
function differentRule({ wanted }: Trial, rule: Rule, { text, jump }: Rule): string | null {
  if (!wanted.chains.has(rule.chain)) {
    if (jump === null || jump.isGoto || !wanted.chains.has(jump.target))
      return `iptables reads it otherwise, as "${text}": in a chain that it does not own, a ruleset may only jump to one of its own`;
  }
  return otherJump(rule, jump, text) ?? lostInSaving(rule.spec, text);
}

/** An interface named `x -j DROP` is printed without quotes, and then looks like a jump. */
function otherJump({ jump }: Rule, now: Rule['jump'], text: string): string | null {
  const saved = now?.target ?? null;
  const sent = jump?.target ?? null;
  if (saved === sent || SAVED_AS[sent ?? ''] === saved) return null;
  return `iptables-save writes it as "${text}", which jumps to ${saved ?? 'nothing'}, and not to ${sent ?? 'nothing'}`;
}

/** Old names of targets. */
const SAVED_AS: Readonly<Record<string, string>> = { NOTRACK: 'CT' };

interface Expected {
  rule: Rule;
  line: TrialLine;
}

/** The rules of each chain in the order in which they stand after a trial; `null` for one that is not the ruleset's. */
function expectedRules({ before }: Trial, lines: readonly TrialLine[]): Map<string, (Expected | null)[]> {
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
  for (const line of lines) {
    if (line.kind === 'chain' || line.kind === 'command') continue;
    for (const rule of line.rules) add(rule.insert ? inserted : chains, rule.chain, { rule, line });
  }
  // The one that is inserted last stands first.
  for (const [chain, rules] of inserted)
    chains.set(chain, [...rules.toReversed(), ...(chains.get(chain) ?? [])]);
  return chains;
}
