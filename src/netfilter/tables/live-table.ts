import { inTurns } from '../../job/time/in-turns.ts';
import { type Rule, rulesByChain, type Table } from '../../ruleset/model.ts';
import { type Place, placesOf, readPrintedTwice } from '../../ruleset/saved/read-printed.ts';
import { readSavedTable } from '../../ruleset/saved/read-saved.ts';

/** How iptables is asked about one table. Each answer is what it prints, without the last line feed. */
export interface TableQuestions {
  save(): Promise<string>;
  /** `-S CHAIN POSITION` for each place, in order. Prints nothing for a rule that does not exist. */
  print(places: readonly Place[]): Promise<string>;
  /** Prints each rule twice, without and with its counters. All answers show the table at one moment. */
  printTwice(places: readonly Place[]): Promise<string>;
  /** `-L CHAIN POSITION`. What is printed begins with the target. */
  list(place: Place): Promise<string>;
}

/** Other programs may write between two questions, so questions are asked again. */
const MOST_TRIES = 4;

/**
 * Reads one table. The saved text is believed only where it can mean nothing else: somebody may have named a hash table `a`, line
 * feed, `-A FORWARD -j DROP`. Where it is doubtful, iptables is asked for the last rule of each chain in doubt, which costs as
 * much as another save. Only if that is another rule (a misleading text, or a change meanwhile) is iptables asked for all rules
 * of the chains concerned.
 *
 * @param chains for these, the caller must know which rules jump to them
 * @param before the rules as they were read last; what is still the same is not read again
 * @returns `null` if the saved text cannot be read
 */
export async function readLiveTable(
  name: string,
  chains: ReadonlySet<string>,
  ask: TableQuestions,
  before: readonly Rule[] = [],
): Promise<Table | null> {
  const saved = await inTurns(readSavedTable(await ask.save(), name, before));
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

/** Asks which odd rules jump to one of the chains. The text does not tell: a name may contain `-j CHAIN`. */
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

/** Says whether an odd rule may jump to one of the chains. A jump to a chain is always printed last. */
function mayJump({ text }: Rule, chains: ReadonlySet<string>): boolean {
  const [, name = ''] = / -[jg] ([^ ]+)$/.exec(text) ?? [];
  return chains.has(name);
}

async function askJump(chain: string, position: number, ask: TableQuestions): Promise<Rule['jump']> {
  const [, target] = /^([^ ]+)/.exec(await ask.list({ chain, position })) ?? [];
  return target === undefined ? null : { target, isGoto: false };
}
