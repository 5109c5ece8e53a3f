import { LINES_A_STEP, type Steps } from '../../steps.ts';
import type { Problem, Rule } from '../model.ts';
import { builtInChains } from '../tables.ts';
import { isChain, type SentSection } from '../text/sent-text.ts';
import { countRules } from './count-copies.ts';
import { lintJumps } from './lint-jumps.ts';
import { chainsOf, commandsIn } from './lint-section.ts';
import { copiesOf, readSentRule } from './read-rule.ts';
import { emptyWanted, type ScriptLine, type WantedTable } from './wanted-table.ts';

/**
 * Reads a table in scope `tables`. The whole table is the ruleset's: what is not in the text must not be there.
 *
 * @param sections all sections of one table, in the order of the text
 */
export function* ownWholeTable(sections: readonly [SentSection, ...SentSection[]]): Steps<OwnedTable> {
  const [section] = sections;
  const isWritten = sections.length === 1 && isListing(section);
  yield;
  return isWritten ? yield* ownListing(section) : { table: yield* ownScript(sections), problems: [] };
}

interface OwnedTable {
  table: WantedTable;
  problems: Problem[];
}

/**
 * Says whether a table is a listing: it is written as a save prints it, with each chain once, and then rules appended to them.
 */
function isListing(section: SentSection): boolean {
  const names = chainsOf(section).map(({ name }) => name);
  if (new Set(names).size < names.length) return false;
  const firstRule = section.lines.findIndex((line) => !isChain(line));
  if (firstRule !== -1 && section.lines.slice(firstRule).some(isChain)) return false;
  const known = new Set([...builtInChains(section.table), ...names]);
  return commandsIn(section).every((command) => {
    const rule = readSentRule(command)?.rule;
    return rule !== undefined && !rule.insert && known.has(rule.chain);
  });
}

function* ownListing(section: SentSection): Steps<OwnedTable> {
  const { table: name, commitLine } = section;
  const declared = new Map(chainsOf(section).map((chain) => [chain.name, chain]));
  const builtIn = builtInChains(name);
  const policies = new Map(builtIn.map((chain) => [chain, policyOf(declared.get(chain)?.policy)]));
  const chains = new Map<string, Rule[]>([...builtIn, ...declared.keys()].map((chain) => [chain, []]));
  const rules: Rule[] = [];
  for (const [index, command] of commandsIn(section).entries()) {
    if (index % LINES_A_STEP === 0) yield;
    const rule = readSentRule(command)?.rule;
    if (rule === undefined) continue;
    rules.push(rule);
    const copies = copiesOf(rule, countRules(command));
    const list = chains.get(rule.chain);
    for (const copy of copies) list?.push(copy);
  }
  const declarations = new Map([...declared.values()].map((chain) => [chain.name, chain.line]));
  const table = { name, chains, policies, hooks: [], declarations, commitLine, script: null };
  return { table, problems: lintJumps(section, declared, rules) };
}

function policyOf(policy: string | undefined): string {
  return policy === undefined || policy === '-' ? 'ACCEPT' : policy;
}

/** Keeps any other text as a script. A rehearsal runs it, and what the table then has is wanted. */
function* ownScript(sections: readonly [SentSection, ...SentSection[]]): Steps<WantedTable> {
  const [first] = sections;
  const { table: name } = first;
  const script: ScriptLine[] = [];
  for (const section of sections) {
    // Also a section with nothing in it empties the table.
    if (section !== first) script.push({ text: `COMMIT\n*${name}`, source: section.line });
    for (const [index, line] of section.lines.entries()) {
      if (index % LINES_A_STEP === 0) yield;
      const text = isChain(line) ? `:${line.name} ${line.policy} [0:0]` : line.text;
      script.push({ text, source: line.line });
    }
  }
  return { ...emptyWanted(name), commitLine: sections.at(-1)?.commitLine ?? null, script };
}
