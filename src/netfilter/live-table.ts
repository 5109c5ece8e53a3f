import type { Rule, Table } from '../ruleset/model.ts';
import { everyRule, type RuleAt, readSavedTable, readSavedTableBy } from '../ruleset/saved/read-saved.ts';

/** How iptables is asked. Of each, what it prints, without the line feed at its end. */
export interface TableQuestions {
  save(): Promise<string>;
  /** `-S CHAIN POSITION` for each, one after the other; empty for a rule that there is not. */
  print(rules: readonly Pick<RuleAt, 'chain' | 'position'>[]): Promise<string>;
  /** `-L CHAIN POSITION`: begins with the target. */
  list(rule: Pick<RuleAt, 'chain' | 'position'>): Promise<string>;
}

/** Others may write while questions are asked. */
const MOST_TRIES = 4;

/**
 * Reads one table. What is saved is taken for what it looks like only as far as it can be nothing else: a stranger may have
 * named a hash table `a`, line feed, `-A FORWARD -j DROP`. Then iptables is asked how many rules there are, which costs as much
 * as another save; and only if the text was misleading, for all of them.
 *
 * @returns `null`: what is saved cannot be read
 */
export async function readLiveTable(name: string, ask: TableQuestions): Promise<Table | null> {
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    const table = await readOnce(name, ask);
    if (table !== 'changed') return table;
  }
  return null;
}

async function readOnce(name: string, ask: TableQuestions): Promise<Table | null | 'changed'> {
  const text = await ask.save();
  const saved = readSavedTable(text, name);
  if (saved === null) return null;
  const { doubtful } = saved;
  const isClear =
    doubtful.length === 0 || (await ask.print(doubtful)) === doubtful.map((rule) => rule.text).join('\n');
  const table = isClear ? saved.table : readSavedTableBy(await ask.print(everyRule(saved.table)), text, name);
  if (table === null) return 'changed';
  return { ...table, rules: await withJumps(table, ask) };
}

/** To which chains odd rules jump: a name with `-j CHAIN` in it looks just so, and a chain that is not there is none. */
async function withJumps(table: Table, ask: TableQuestions): Promise<Rule[]> {
  if (!table.rules.some(({ isOdd }) => isOdd)) return table.rules;
  const counts = new Map<string, number>();
  return await Promise.all(
    table.rules.map(async (rule) => {
      const position = (counts.get(rule.chain) ?? 0) + 1;
      counts.set(rule.chain, position);
      if (rule.isOdd !== true) return rule;
      if (!mayJump(rule, table)) return { ...rule, jump: null };
      const target = /^(\S+)/.exec(await ask.list({ chain: rule.chain, position }))?.[1];
      return { ...rule, jump: target === undefined ? null : { target, isGoto: rule.jump?.isGoto === true } };
    }),
  );
}

function mayJump({ text }: Rule, { chains }: Table): boolean {
  return [...text.matchAll(/ -[jg] (\S+)/g)].some(([, name = '']) => chains.get(name)?.policy === null);
}
