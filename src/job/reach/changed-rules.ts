import type { Family } from '../../contract/words/identifiers.ts';
import { type Rule, rulesByChain, type Table } from '../../ruleset/model.ts';
import { claimedChains } from '../../ruleset/plan/claims.ts';
import { sameEnds, subtract } from '../../ruleset/plan/diff.ts';
import type { TablePlan } from '../../ruleset/plan/table-change.ts';
import { builtInChains } from '../../ruleset/tables.ts';
import { emptyWanted, type WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import type { Intent } from '../plan/intent.ts';

/** The rules of a table, as packets meet them: by chain, in order. */
export interface ChainRules {
  chains: ReadonlyMap<string, readonly Rule[]>;
  policies: ReadonlyMap<string, string>;
}

/** A table before a change and after it. */
export interface ChangedTable {
  family: Family;
  table: string;
  before: ChainRules;
  after: ChainRules;
  /** The line of each chain's declaration, in what was sent. */
  declarations: ReadonlyMap<string, number>;
}

export interface ChangedRule {
  of: ChangedTable;
  how: 'added' | 'removed' | 'moved';
  chain: string;
  /** `null`: the policy of the chain. */
  rule: Rule | null;
  /** As it stands in a diff. */
  text: string;
  /** Of a rule that comes, in what was sent; 0 if that is not known. */
  line: number;
}

/** What a table is to be after the change, as far as it can be told from what is wanted: hooks stand where the change puts them. */
export function changedTable(
  { family, table }: TablePlan,
  live: Table | undefined,
  intent: Intent,
): ChangedTable {
  const wanted = intent.wanted[family].get(table) ?? emptyWanted(table);
  const before = chainRulesOf(table, live);
  const after =
    intent.scope === 'tables'
      ? wholeTable(wanted, before)
      : withChains(wanted, before, intent, { family, table });
  return { family, table, before, after, declarations: wanted.declarations };
}

/** A save may lack built-in chains in which there is nothing. */
export function chainRulesOf(name: string, table: Table | undefined): ChainRules {
  const rules = rulesByChain(table?.rules ?? []);
  const builtIn = builtInChains(name).map((chain) => [chain, 'ACCEPT'] as const);
  const chains = [...(table?.chains.values() ?? [])];
  const policies = chains.flatMap(({ name: chain, policy }) =>
    policy === null ? [] : [[chain, policy] as const],
  );
  const names = [...builtIn.map(([chain]) => chain), ...chains.map((chain) => chain.name)];
  return {
    chains: new Map(names.map((chain) => [chain, rules.get(chain) ?? []])),
    policies: new Map([...builtIn, ...policies]),
  };
}

/** A built-in chain without a policy line gets ACCEPT. */
function wholeTable(wanted: WantedTable, before: ChainRules): ChainRules {
  const builtIn = [...before.policies.keys()];
  return {
    chains: new Map<string, readonly Rule[]>([
      ...builtIn.map((chain): [string, readonly Rule[]] => [chain, []]),
      ...wanted.chains,
    ]),
    policies: new Map([...builtIn.map((chain) => [chain, 'ACCEPT'] as const), ...wanted.policies]),
  };
}

function withChains(
  wanted: WantedTable,
  before: ChainRules,
  intent: Intent,
  place: { family: Family; table: string },
): ChainRules {
  const own = new Set([...claimedChains(intent.before, place), ...wanted.chains.keys()]);
  const others = [...before.chains]
    .filter(([chain]) => !own.has(chain))
    .map(([chain, rules]) => [chain, withHooks(chain, rules, wanted, own)] as const);
  return {
    chains: new Map<string, readonly Rule[]>([...others, ...wanted.chains]),
    policies: before.policies,
  };
}

function withHooks(
  chain: string,
  rules: readonly Rule[],
  { hooks }: WantedTable,
  own: ReadonlySet<string>,
): Rule[] {
  const here = hooks.filter(({ rule }) => rule.chain === chain);
  const texts = new Set(here.map(({ rule }) => rule.text));
  const others = rules.filter(({ jump, text }) => texts.has(text) || jump === null || !own.has(jump.target));
  const live = new Set(others.map(({ text }) => text));
  const missing = here.filter(({ rule }) => !live.has(rule.text));
  const first = missing.filter(({ position }) => position === 'first').map(({ rule }) => rule);
  const last = missing.filter(({ position }) => position !== 'first').map(({ rule }) => rule);
  return [...first, ...others, ...last];
}

/** The rules that come, go or stand elsewhere, in the order of the chains. */
export function changedRules(of: ChangedTable): ChangedRule[] {
  const names = new Set([...of.after.chains.keys(), ...of.before.chains.keys()]);
  return [...names].flatMap((chain) => [...changedPolicy(of, chain), ...changedIn(of, chain)]);
}

function changedPolicy(of: ChangedTable, chain: string): ChangedRule[] {
  const before = of.before.policies.get(chain) ?? 'ACCEPT';
  const after = of.after.policies.get(chain) ?? 'ACCEPT';
  if (before === after) return [];
  return [
    {
      of,
      how: 'added',
      chain,
      rule: null,
      text: `-P ${chain} ${after}`,
      line: of.declarations.get(chain) ?? 0,
    },
  ];
}

function changedIn(of: ChangedTable, chain: string): ChangedRule[] {
  const before = of.before.chains.get(chain) ?? [];
  const after = of.after.chains.get(chain) ?? [];
  const texts = (rules: readonly Rule[]) => rules.map(({ text }) => text);
  const added = count(subtract(texts(after), texts(before)));
  const removed = count(subtract(texts(before), texts(after)));
  const come = after.filter(({ text }) => take(added, text));
  const go = before.filter(({ text }) => take(removed, text));
  const stay = [
    before.filter((rule) => !go.includes(rule)),
    after.filter((rule) => !come.includes(rule)),
  ] as const;
  const asChanged =
    (how: ChangedRule['how']) =>
    (rule: Rule): ChangedRule => ({
      of,
      how,
      chain,
      rule,
      text: rule.text,
      line: how === 'removed' ? 0 : rule.line,
    });
  return [
    ...come.map(asChanged('added')),
    ...movedOf(...stay).map(asChanged('moved')),
    ...go.map(asChanged('removed')),
  ];
}

/** Of rules that stay, those from the first to the last that stand otherwise. */
function movedOf(before: readonly Rule[], after: readonly Rule[]): readonly Rule[] {
  const { head, tail } = sameEnds(
    before.map(({ text }) => text),
    after.map(({ text }) => text),
  );
  return after.slice(head, after.length - tail);
}

function count(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

function take(counts: Map<string, number>, text: string): boolean {
  const left = counts.get(text) ?? 0;
  if (left > 0) counts.set(text, left - 1);
  return left > 0;
}
