import { renderChange, type TableChange } from '../ruleset/change.ts';
import { diffLists } from '../ruleset/diff.ts';
import { emptyTable, jumpsToAny, type Rule, type Table, textOf } from '../ruleset/model.ts';
import { objectNames } from '../ruleset/objects.ts';
import { planTable } from '../ruleset/plan.ts';
import { readSavedTables } from '../ruleset/saved/read-saved.ts';
import { spelledTable } from '../ruleset/spelled.ts';
import { builtInChains, type TableRef } from '../ruleset/tables.ts';
import { JobFailure } from './failure.ts';
import type { Intent } from './intent.ts';
import {
  type Fence,
  type Firewall,
  type Ports,
  type Rehearsal,
  type RehearsalStage,
  RestoreFailed,
} from './ports.ts';
import type { LiveTables } from './snapshot.ts';

/**
 * What is live and will be written or deleted by its text, be it to go back to it, has to be what that text says. A comment with
 * a line break, or a native nft rule, is not: that is seen before anything is changed.
 *
 * @throws {JobFailure} `foreign_unrepresentable`
 */
export async function assertRepresentable(
  intent: Intent,
  changes: readonly TableChange[],
  live: LiveTables,
  { firewall, stage }: Pick<Ports, 'firewall' | 'stage'>,
  fence: Fence,
): Promise<void> {
  for (const change of changes) {
    const table = live[change.family].get(change.table);
    if (table === undefined) continue;
    if (intent.scope === 'tables') await assertWholeTable(intent, change, table, firewall, fence, stage);
    else await assertDeletable(intent, change, table, stage);
  }
}

/**
 * A whole table can only be given back if iptables can say all that is in it. So what it says is made in a rehearsal, and both
 * are held against each other: as they are saved, and as nft, or the other printer of legacy iptables, lists them.
 */
async function assertWholeTable(
  intent: Intent,
  ref: TableRef,
  live: Table,
  firewall: Firewall,
  fence: Fence,
  stage: RehearsalStage,
): Promise<void> {
  const native = await firewall.listNatively(fence, ref.family, ref.table);
  const objects = await stage.readObjects(objectNames(live.rules.map(({ spec }) => spec)));
  const again = await stage.within(objects, async (rehearsal) => {
    await restoreIfPossible(rehearsal, ref, renderWhole(intent, ref, live));
    return {
      rules: readSavedTables(await rehearsal.save(ref.family, ref.table)).get(ref.table)?.rules ?? [],
      native: await rehearsal.listNatively(ref.family, ref.table),
    };
  });
  const lost =
    missing(live.rules.map(textOf), again.rules.map(textOf)) ??
    (native === null ? null : missing(native.split('\n'), again.native.split('\n')));
  if (lost === null) return;
  throw unrepresentable(
    `ruleset ${intent.label} wants the ${ref.family} table ${ref.table} whole, but there is something in it that iptables cannot give back as it is: "${lost}"; take it out, or move it to an nft table of its own`,
  );
}

function missing(before: readonly string[], after: readonly string[]): string | null {
  return (
    diffLists(before, after)
      .removed.map((line) => line.trim())
      .find((line) => line !== '') ?? null
  );
}

/** What iptables prints, and does not take again, it cannot express either. */
async function restoreIfPossible(rehearsal: Rehearsal, { family }: TableRef, text: string): Promise<boolean> {
  try {
    await rehearsal.restore(family, text);
    return true;
  } catch (error) {
    if (!(error instanceof RestoreFailed)) throw error;
    return false;
  }
}

/** What is live in a table, as text that makes it. */
function renderWhole({ name, scope }: Intent, ref: TableRef, live: Table): string {
  const own = { tables: [ref], chains: [], hooks: [] };
  const question = { ...ref, name, scope, live: undefined, wanted: spelledTable(live), own, neighbours: [] };
  const nothing = builtInChains(ref.table).map((chain) => ({ text: `:${chain} ACCEPT [0:0]`, source: null }));
  return renderChange(planTable(question).change ?? { ...ref, replaces: true, lines: nothing });
}

/** Somebody else's jump to a chain of ours goes by its text: if that does not say all of it, it cannot go. */
async function assertDeletable(
  intent: Intent,
  change: TableChange,
  live: Table,
  stage: RehearsalStage,
): Promise<void> {
  const deleted = new Set(
    change.lines.flatMap(({ text }) => (text.startsWith('-D ') ? [`-A${text.slice(2)}`] : [])),
  );
  for (const rule of live.rules.filter(({ isOdd, text }) => isOdd === true && deleted.has(text))) {
    const objects = await stage.readObjects(objectNames([rule.spec]));
    const isFaithful = await stage.within(
      objects,
      async (rehearsal) => await comesBack(rehearsal, change, rule, live),
    );
    if (isFaithful) continue;
    throw unrepresentable(
      `ruleset ${intent.label} cannot take away a rule that jumps to its chain, as iptables prints it so that it cannot be named: "${rule.text}" in the ${change.family} table ${change.table}; delete it by hand`,
    );
  }
}

async function comesBack(rehearsal: Rehearsal, ref: TableRef, rule: Rule, live: Table): Promise<boolean> {
  const builtIn = builtInChains(ref.table);
  const chains = [rule.chain, rule.jump?.target ?? ''].filter(
    (name) => live.chains.has(name) && !builtIn.includes(name),
  );
  const text = [`*${ref.table}`, ...chains.map((name) => `:${name} - [0:0]`), rule.text, 'COMMIT', ''].join(
    '\n',
  );
  if (!(await restoreIfPossible(rehearsal, ref, text))) return false;
  const saved =
    readSavedTables(await rehearsal.save(ref.family, ref.table)).get(ref.table) ?? emptyTable(ref.table);
  return saved.rules.length === 1 && saved.rules[0]?.text === rule.text && jumpsToAny(rule, new Set(chains));
}

function unrepresentable(message: string): JobFailure {
  return new JobFailure('host', 'foreign_unrepresentable', message);
}
