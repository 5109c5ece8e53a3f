import type { Problem, Rule } from '../model.ts';
import type { SentChain, SentSection } from '../text/sent-text.ts';

/** The form of the names of targets. Only the host knows which targets exist. */
const TARGET_NAME = /^[A-Z][A-Z0-9_]*$/;

/** Finds rules that use a chain before its declaration, or one without a declaration. */
export function lintJumps(
  section: SentSection,
  chains: ReadonlyMap<string, SentChain>,
  rules: readonly Rule[],
): Problem[] {
  const problems: Problem[] = [];
  for (const rule of rules) {
    const { line, chain } = rule;
    for (const reason of [declaredLater(chains.get(chain), rule), lintTarget(rule, chains)])
      if (reason !== null) problems.push({ line, table: section.table, chain, reason });
  }
  return problems;
}

function lintTarget(rule: Rule, chains: ReadonlyMap<string, SentChain>): string | null {
  if (rule.jump === null) return null;
  const { target, isGoto } = rule.jump;
  const chain = chains.get(target);
  if (chain !== undefined) return declaredLater(chain, rule);
  if (!isGoto && TARGET_NAME.test(target)) return null;
  const what = isGoto ? 'no chain' : 'neither a target nor a chain';
  return `${target} is ${what} that this table declares: add :${target} - [0:0] before this line, or correct the name`;
}

function declaredLater(chain: SentChain | undefined, rule: Rule): string | null {
  if (chain === undefined || chain.line < rule.line) return null;
  return `chain ${chain.name} is declared only on line ${chain.line}: declare it before it is used`;
}
