import { type Acceptance, knownSpelling, rulesOf } from './acceptance.ts';
import type { ChangeLine, TableChange } from './change.ts';
import { type Rule, rulesByChain, type Table } from './model.ts';
import { reachOf } from './reach.ts';
import { surroundings } from './surroundings.ts';
import type { TableRef } from './tables.ts';
import type { WantedTable } from './wanted-table.ts';

/** One table of a ruleset as it is tried out in an empty network namespace. */
export interface Trial extends TableRef {
  /** Chains of others that hooks stand in, so that they can. */
  before: ChangeLine[];
  /** In the order of the sent text. */
  lines: TrialLine[];
}

/** A `jump` goes to a chain of the table: it decides on what others may be, and is part of each trial. */
export type TrialLine = ChangeLine &
  ({ kind: 'chain'; chain: string } | { kind: 'jump' | 'rule'; rule: Rule });

/**
 * What has to be tried of a table: its chains, the jumps between them, and every rule that is not known to be taken
 * where it stands. Whether the kernel takes a rule depends on from where it is reached, and on no other rule.
 */
export function planTrial(
  ref: TableRef,
  table: WantedTable,
  live: Table | undefined,
  known: readonly Acceptance[],
): Trial {
  const { jumps } = reachOf(table);
  const lines: TrialLine[] = [...table.declarations].map(([chain, line]) => ({
    kind: 'chain',
    chain,
    text: `:${chain} ${table.policies.get(chain) ?? '-'} [0:0]`,
    source: line,
  }));
  for (const rule of rulesOf(table)) {
    const kind = jumps.has(rule) ? 'jump' : 'rule';
    if (kind === 'rule' && knownSpelling(known, table, rule) !== undefined) continue;
    lines.push({ kind, rule, text: rule.insert ? insertText(rule) : rule.text, source: rule.line });
  }
  return {
    ...ref,
    before: surroundings(table, live),
    lines: lines.toSorted((a, b) => (a.source ?? 0) - (b.source ?? 0)),
  };
}

/** The trial of some of its lines, as text that makes the table what they say and nothing else. */
export function trialChange({ family, table, before }: Trial, lines: readonly TrialLine[]): TableChange {
  return { family, table, replaces: true, lines: [...before, ...lines] };
}

/** The kernel's spelling of each rule that was tried, from what was saved then; `null` if it made more or less of them. */
export function readTrial(
  trial: Trial,
  saved: Table | undefined,
): ((rule: Rule) => string | undefined) | null {
  const found = rulesByChain(saved?.rules ?? []);
  const expected = expectedRules(trial);
  const counts = [...expected].every(([chain, rules]) => rules.length === (found.get(chain)?.length ?? 0));
  if (!counts || [...found.keys()].some((chain) => !expected.has(chain))) return null;
  const spelled = new Map<string, string>();
  for (const [chain, rules] of expected) {
    for (const [index, rule] of rules.entries()) {
      const other = found.get(chain)?.[index];
      if (rule !== null && other !== undefined) spelled.set(rule.text, other.text);
    }
  }
  return (rule) => spelled.get(rule.text);
}

/** The rules of each chain in the order in which they stand after a trial; `null` for one that is not the ruleset's. */
function expectedRules({ before, lines }: Trial): Map<string, (Rule | null)[]> {
  const chains = new Map<string, (Rule | null)[]>();
  const listOf = (chain: string) => {
    const list = chains.get(chain) ?? [];
    chains.set(chain, list);
    return list;
  };
  for (const { text } of before) {
    const chain = /^-A (\S+)/.exec(text)?.[1];
    if (chain !== undefined) listOf(chain).push(null);
  }
  for (const line of lines) {
    if (line.kind === 'chain') continue;
    if (line.rule.insert) listOf(line.rule.chain).unshift(line.rule);
    else listOf(line.rule.chain).push(line.rule);
  }
  return chains;
}

function insertText({ chain, spec }: Rule): string {
  return spec === '' ? `-I ${chain}` : `-I ${chain} ${spec}`;
}
