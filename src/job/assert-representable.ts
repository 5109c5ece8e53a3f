import { renderChange } from '../ruleset/change.ts';
import { diffLists } from '../ruleset/diff.ts';
import { ipsetNames } from '../ruleset/ipsets.ts';
import { extractOwned } from '../ruleset/owned.ts';
import { planTable } from '../ruleset/plan.ts';
import { asSent } from '../ruleset/spelling.ts';
import { builtInChains, type TableRef } from '../ruleset/tables.ts';
import { JobFailure } from './failure.ts';
import type { Intent } from './intent.ts';
import { type Fence, type Firewall, type RehearsalStage, RestoreFailed } from './ports.ts';
import type { LiveTables } from './snapshot.ts';

/**
 * A whole table can only be given back if iptables can say all that is in it. Native nft rules it may leave out, or print as
 * something wider: so what a snapshot says is made in a rehearsal, and both are held against each other as nft has them.
 *
 * @throws {JobFailure} `foreign_unrepresentable`, before anything is changed
 */
export async function assertRepresentable(
  intent: Intent,
  changed: readonly TableRef[],
  snapshot: LiveTables,
  firewall: Firewall,
  fence: Fence,
  stage: RehearsalStage,
): Promise<void> {
  if (intent.scope !== 'tables') return;
  for (const { family, table } of changed) {
    const live = await firewall.listNatively(fence, family, table);
    if (live === null || live === '') continue;
    const sets = await stage.readSets(ipsetNames(snapshot[family].get(table)?.rules ?? []));
    const again = await stage.within(sets, async (rehearsal) => {
      const text = renderSnapshot(intent, { family, table }, snapshot);
      await restoreIfPossible(() => rehearsal.restore(family, text));
      return await rehearsal.listNatively(family, table);
    });
    const lost = diffLists(live.split('\n'), again.split('\n')).removed.find((line) => line.trim() !== '');
    if (lost === undefined) continue;
    const message = `ruleset ${intent.label} wants the ${family} table ${table} whole, but there is something in it that iptables cannot express, and so could not give back: "${lost.trim()}"; move it to an nft table of its own`;
    throw new JobFailure('host', 'foreign_unrepresentable', message);
  }
}

/** What iptables prints, and does not take again, it cannot express either. */
async function restoreIfPossible(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof RestoreFailed)) throw error;
  }
}

/** What the snapshot says of a table, as text that makes it. */
function renderSnapshot({ name, scope }: Intent, ref: TableRef, snapshot: LiveTables): string {
  const own = { tables: [ref], chains: [], hooks: [] };
  const { family, table } = ref;
  const wanted = extractOwned({ scope, claims: own, family, live: snapshot[family] }).get(table);
  const question = {
    name,
    scope,
    family,
    table,
    live: undefined,
    wanted,
    own,
    neighbours: [],
    spell: asSent,
  };
  const { change } = planTable(question);
  const nothing = builtInChains(table).map((chain) => ({ text: `:${chain} ACCEPT [0:0]`, source: null }));
  return renderChange(change ?? { family, table, replaces: true, lines: nothing });
}
