import type { Family } from '../contract/identifiers.ts';
import { lintRule } from './lint-rule.ts';
import { type Chain, type Problem, problemAt, type Rule, type Table } from './model.ts';
import { isGoto, isJump, type RuleOption, readOptions } from './options.ts';
import { builtInChains } from './tables.ts';

/** XT_EXTENSION_MAXNAMELEN less its end: what the kernel takes as the name of a chain (linux/netfilter/x_tables.h). */
const LONGEST_CHAIN_NAME_BYTES = 28;
const VERDICTS = new Set(['ACCEPT', 'DROP', 'RETURN', 'QUEUE']);
const POLICIES = new Set(['ACCEPT', 'DROP']);
/** Names of target extensions: which of them there are, only the host can tell. */
const TARGET_NAME = /^[A-Z][A-Z0-9_]*$/;

export interface TableLint {
  problems: Problem[];
  /** Chains that cannot be: of rules that are in them or jump to them, nothing is told. */
  misnamed: ReadonlySet<string>;
}

/** What is wrong with the lines of a table, whoever owns it: each would be refused, or taken for something else. */
export function lintTable(table: Table, family: Family): TableLint {
  const misnamed = new Set<string>();
  const problems: Problem[] = [];
  for (const chain of table.chains.values()) {
    const reason = lintChain(chain, table.name);
    if (reason === null) continue;
    misnamed.add(chain.name);
    problems.push(problemAt(table, { chain: chain.name, line: chain.line }, reason));
  }
  for (const rule of table.rules) {
    if (misnamed.has(rule.chain)) continue;
    const options = readOptions(rule.spec);
    for (const reason of lintRule(rule, options, family)) problems.push(problemAt(table, rule, reason));
    for (const reason of lintPlaces(rule, options, table, misnamed))
      problems.push(problemAt(table, rule, reason));
  }
  return { problems, misnamed };
}

function lintChain({ name, policy }: Chain, table: string): string | null {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > LONGEST_CHAIN_NAME_BYTES) {
    return `the name of a chain has at most ${LONGEST_CHAIN_NAME_BYTES} characters, and this one ${bytes}`;
  }
  if (/^[-!]/.test(name)) return `the name of a chain does not begin with ${name.charAt(0)}`;
  if (VERDICTS.has(name)) return `${name} is a target: give the chain another name`;
  if (policy === null) return null;
  if (!builtInChains(table).includes(name)) {
    return `only a built-in chain has a policy: write :${name} - [0:0]`;
  }
  return POLICIES.has(policy) ? null : `a policy is ACCEPT or DROP, not ${policy}`;
}

function lintPlaces(
  rule: Rule,
  options: readonly RuleOption[],
  table: Table,
  misnamed: ReadonlySet<string>,
): string[] {
  const reasons: string[] = [];
  const own = table.chains.get(rule.chain);
  if (own !== undefined && own.line > rule.line && !misnamed.has(own.name)) reasons.push(declaredLater(own));
  for (const option of options) {
    const jump = isJump(option);
    if (jump || isGoto(option)) reasons.push(...lintTarget(option.value, rule, table, jump));
  }
  return reasons;
}

function lintTarget(name: string | null, rule: Rule, table: Table, mayBeTarget: boolean): string[] {
  if (name === null) return ['the jump has no target'];
  const chain = table.chains.get(name);
  if (chain !== undefined) return chain.line > rule.line ? [declaredLater(chain)] : [];
  if (mayBeTarget && TARGET_NAME.test(name)) return [];
  const what = mayBeTarget ? 'neither a target nor a chain' : 'no chain';
  return [
    `${name} is ${what} that this table declares: add :${name} - [0:0] before this line, or correct the name`,
  ];
}

function declaredLater({ name, line }: Chain): string {
  return `chain ${name} is declared only on line ${line}: declare it before it is used`;
}
