import type { Spelling, TablePlan } from '../ruleset/change.ts';
import type { PerFamily } from '../ruleset/tables.ts';
import { assertRepresentable } from './assert-representable.ts';
import type { Intent } from './intent.ts';
import { assertNoConflicts, changesOf, planIntent } from './plan-intent.ts';
import type { Fence, Ports } from './ports.ts';
import { rehearse, spellingOf } from './rehearse.ts';
import { concernedTables, type LiveTables, takeSnapshot } from './snapshot.ts';
import type { Stopwatch } from './stopwatch.ts';

/** All that is known of a change before the first rule is written. */
export interface PreparedChange {
  snapshot: LiveTables;
  /** The kernel's, of every rule that is wanted. */
  spell: PerFamily<Spelling>;
  plans: TablePlan[];
}

/**
 * Reads what is live, has the kernel try what is wanted, and plans the way from the one to the other.
 *
 * @throws {JobFailure} of stage `host` or `rehearse`
 */
export async function prepareChange(
  intent: Intent,
  { firewall, stage, rehearsals, log }: Ports,
  fence: Fence,
  watch: Stopwatch,
): Promise<PreparedChange> {
  const tables = concernedTables(intent.wanted, intent.claims);
  const snapshot = await watch.time('snapshotMs', () => takeSnapshot(firewall, fence, tables));
  assertNoConflicts(intent, snapshot);
  const known = rehearsals.recall(intent.name) ?? intent.known();
  const { accepted, tried } = await watch.time('rehearseMs', () => rehearse(intent, snapshot, known, stage));
  if (tried > 0) log.debug({ ruleset: intent.label, lines: tried }, 'Rehearsed');
  rehearsals.remember(intent, accepted);
  const spell = spellingOf(intent, accepted);
  const plans = await watch.time('planMs', () => planIntent(intent, snapshot, spell));
  await assertRepresentable(intent, changesOf(plans), snapshot, firewall, fence, stage);
  return { snapshot, spell, plans };
}
