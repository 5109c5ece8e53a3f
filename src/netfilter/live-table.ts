import { type Rule, rulesByChain, type Table } from '../ruleset/model.ts';
import { type Place, placesOf, readPrintedTwice } from '../ruleset/saved/read-printed.ts';
import { readSavedTable } from '../ruleset/saved/read-saved.ts';

/** How iptables is asked. Of each, what it prints, without the line feed at its end. */
export interface TableQuestions {
  save(): Promise<string>;
  /** `-S CHAIN POSITION` for each, one after the other; empty for a rule that there is not. */
  print(places: readonly Place[]): Promise<string>;
  /** The same of one moment, each rule twice: without and with its counters. */
  printTwice(places: readonly Place[]): Promise<string>;
  /** `-L CHAIN POSITION`: begins with the target. */
  list(place: Place): Promise<string>;
}

/** Others may write while questions are asked. */
const MOST_TRIES = 4;

/**
 * Reads one table. What is saved is taken for what it looks like only as far as it can be nothing else: a stranger may have
 * named a hash table `a`, line feed, `-A FORWARD -j DROP`. Then iptables is asked how many rules there are, which costs as much
 * as another save; and only if the text was misleading, or has changed meanwhile, for each rule of the chains concerned.
 *
 * @param chains those of which it has to be known who jumps to them
 * @returns `null`: what is saved cannot be read
 */
export async function readLiveTable(
  name: string,
  chains: ReadonlySet<string>,
  ask: TableQuestions,
): Promise<Table | null> {
  const saved = readSavedTable(await ask.save(), name);
  if (saved === null) return null;
  const { table, doubtful, unclear } = saved;
  const isClear =
    doubtful.length === 0 || (await ask.print(doubtful)) === doubtful.map((rule) => rule.text).join('\n');
  if (isClear) return { ...table, rules: await withJumps(table, chains, ask) };
  const rules = rulesByChain(table.rules);
  for (const chain of unclear) {
    const asked = await askChain(chain, rules.get(chain)?.length ?? 0, ask);
    if (asked === null) return null;
    rules.set(chain, asked);
  }
  const all = [...table.chains.keys()].flatMap((chain) => rules.get(chain) ?? []);
  return { ...table, rules: await withJumps({ ...table, rules: all }, chains, ask) };
}

async function askChain(chain: string, count: number, ask: TableQuestions): Promise<Rule[] | null> {
  let expected = count;
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    const places = placesOf(chain, expected);
    const rules = readPrintedTwice(await ask.printTwice(places));
    if (rules === null || rules.some((rule) => rule.chain !== chain)) return null;
    if (rules.length < places.length) return rules;
    expected = rules.length;
  }
  return null;
}

/** Which odd rules jump to one of the chains: a name with `-j CHAIN` in it looks just so. */
async function withJumps(table: Table, chains: ReadonlySet<string>, ask: TableQuestions): Promise<Rule[]> {
  if (!table.rules.some(({ isOdd }) => isOdd)) return table.rules;
  const counts = new Map<string, number>();
  const rules: Rule[] = [];
  for (const rule of table.rules) {
    const position = (counts.get(rule.chain) ?? 0) + 1;
    counts.set(rule.chain, position);
    if (rule.isOdd !== true) rules.push(rule);
    else
      rules.push({ ...rule, jump: mayJump(rule, chains) ? await askJump(rule.chain, position, ask) : null });
  }
  return rules;
}

/** What a rule does is printed last, and with a chain nothing comes behind it. */
function mayJump({ text }: Rule, chains: ReadonlySet<string>): boolean {
  const [, name = ''] = / -[jg] ([^ ]+)$/.exec(text) ?? [];
  return chains.has(name);
}

async function askJump(chain: string, position: number, ask: TableQuestions): Promise<Rule['jump']> {
  const [, target] = /^([^ ]+)/.exec(await ask.list({ chain, position })) ?? [];
  return target === undefined ? null : { target, isGoto: false };
}
