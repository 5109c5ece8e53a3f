import { jumpsToAny, type Rule, rulesByChain, type Table, textOf } from '../../ruleset/model.ts';
import { claimedChains } from '../../ruleset/plan/claims.ts';
import { diffSteps, sameList } from '../../ruleset/plan/diff.ts';
import { planSteps } from '../../ruleset/plan/plan-table.ts';
import { renderChange, type TableChange } from '../../ruleset/plan/table-change.ts';
import { readSavedSteps, readSavedTables } from '../../ruleset/saved/read-saved.ts';
import { builtInChains, type TableRef } from '../../ruleset/tables.ts';
import { objectNames } from '../../ruleset/trial/objects.ts';
import { spelledTable } from '../../ruleset/wanted/read-spelled.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { RestoreFailed } from '../ports/firewall.ts';
import { mayBeTheText } from '../ports/restore-fault.ts';
import type { Rehearsal, Sandbox } from '../ports/sandbox.ts';
import type { HostSession } from '../ports/session.ts';
import { inTurns } from '../time/in-turns.ts';
import type { Intent } from './intent.ts';
import type { LiveTables } from './snapshot.ts';

/**
 * Checks that the text of each live rule which may be written or deleted (also to undo the change) makes this very rule. A
 * comment with a line break, or a native nft rule, does not pass. This is checked before anything is changed.
 *
 * @throws {JobFailure} `foreign_unrepresentable`
 */
export async function assertRepresentable(
  intent: Intent,
  changes: readonly TableChange[],
  live: LiveTables,
  session: HostSession,
): Promise<void> {
  for (const change of changes) {
    const table = live[change.family].get(change.table);
    if (table === undefined) continue;
    if (intent.scope === 'tables') await assertWholeTable(intent, change, table, session);
    else await assertOwnPart(intent, change, table, session.ports.sandbox);
  }
}

/**
 * Checks that iptables can restore everything in a live table. Makes the table in a rehearsal from what iptables prints of it.
 * Then compares both: as they are saved, and as nft (or the other printer of legacy iptables) lists them.
 */
async function assertWholeTable(
  intent: Intent,
  ref: TableRef,
  live: Table,
  { rules, ports: { sandbox } }: HostSession,
): Promise<void> {
  const native = await rules.listNatively(ref.family, ref.table);
  const objects = await sandbox.readObjects(objectNames(live.rules.map(({ spec }) => spec)));
  const again = await sandbox.within(objects, async (rehearsal) => {
    await restoreIfPossible(rehearsal, ref, await renderWhole(intent, ref, live));
    const saved = await rehearsal.save(ref.family, ref.table);
    return {
      rules: (await inTurns(readSavedSteps(saved))).get(ref.table)?.rules ?? [],
      native: await rehearsal.listNatively(ref.family, ref.table),
    };
  });
  const lost =
    (await missing(live.rules.map(textOf), again.rules.map(textOf))) ??
    (native === null ? null : await missing(native.split('\n'), again.native.split('\n')));
  if (lost === null) return;
  throw unrepresentable(
    `ruleset ${intent.label} wants the ${ref.family} table ${ref.table} whole, but there is something in it that iptables cannot give back as it is: "${lost}"; take it out, or move it to an nft table of its own`,
  );
}

async function missing(before: readonly string[], after: readonly string[]): Promise<string | null> {
  const { removed } = await inTurns(diffSteps(before, after));
  const lines = removed.map((line) => line.replace(/^[ \t]+|[ \t]+$/g, ''));
  return lines.find((line) => line !== '') ?? null;
}

/** Returns `false` if iptables does not take back what it has printed. */
async function restoreIfPossible(rehearsal: Rehearsal, { family }: TableRef, text: string): Promise<boolean> {
  try {
    await rehearsal.restore(family, text);
    return true;
  } catch (error) {
    if (!(error instanceof RestoreFailed && mayBeTheText(error.fault))) throw error;
    return false;
  }
}

/** Returns text that makes what is live in a table. */
async function renderWhole({ name, scope }: Intent, ref: TableRef, live: Table): Promise<string> {
  const own = { tables: [ref], chains: [], hooks: [] };
  const question = { ...ref, name, scope, live: undefined, wanted: spelledTable(live), own, neighbours: [] };
  const nothing = builtInChains(ref.table).map((chain) => ({ text: `:${chain} ACCEPT [0:0]`, source: null }));
  const { change } = await inTurns(planSteps(question));
  return renderChange(change ?? { ...ref, replaces: true, lines: nothing });
}

/**
 * Checks the odd rules that stand in chains of the ruleset or jump to them. The change may have to delete them by their text, or
 * an undo to write them again. Such a rule comes from somebody else, or stands in an adopted chain.
 */
async function assertOwnPart(intent: Intent, ref: TableRef, live: Table, sandbox: Sandbox): Promise<void> {
  const owned = claimedChains(intent.claims, ref);
  const odd = live.rules.filter(
    (rule) => rule.isOdd === true && (owned.has(rule.chain) || jumpsToAny(rule, owned)),
  );
  if (odd.length === 0) return;
  const objects = await sandbox.readObjects(objectNames(odd.map(({ spec }) => spec)));
  const lost = await sandbox.within(objects, async (rehearsal) => await firstLost(rehearsal, ref, odd, live));
  if (lost === undefined) return;
  throw unrepresentable(
    `ruleset ${intent.label} cannot be changed: in the ${ref.family} table ${ref.table} there is a rule in its chains, or one that jumps to them, which iptables prints so that it could neither be taken away nor given back: "${lost.text}"; delete it by hand`,
  );
}

async function firstLost(
  rehearsal: Rehearsal,
  ref: TableRef,
  rules: readonly Rule[],
  live: Table,
): Promise<Rule | undefined> {
  if (await comeBack(rehearsal, ref, rules, live)) return undefined;
  for (const rule of rules) if (!(await comeBack(rehearsal, ref, [rule], live))) return rule;
  return rules[0];
}

async function comeBack(
  rehearsal: Rehearsal,
  ref: TableRef,
  rules: readonly Rule[],
  live: Table,
): Promise<boolean> {
  const builtIn = builtInChains(ref.table);
  const chains = [...live.chains.keys()].filter((name) => !builtIn.includes(name));
  const lines = [...chains.map((name) => `:${name} - [0:0]`), ...rules.map(textOf)];
  const text = [`*${ref.table}`, ...lines, 'COMMIT', ''].join('\n');
  if (!(await restoreIfPossible(rehearsal, ref, text))) return false;
  const saved = rulesByChain(
    readSavedTables(await rehearsal.save(ref.family, ref.table)).get(ref.table)?.rules ?? [],
  );
  return [...rulesByChain(rules)].every(([chain, list]) =>
    sameList(list.map(textOf), (saved.get(chain) ?? []).map(textOf)),
  );
}

function unrepresentable(message: string): JobFailure {
  return new JobFailure('host', 'foreign_unrepresentable', message);
}
