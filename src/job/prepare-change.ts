import { FAMILIES } from '../contract/identifiers.ts';
import { type Spellings, type TableChange, type TablePlan } from '../ruleset/change.ts';
import { textOf } from '../ruleset/model.ts';
import { extractOwned } from '../ruleset/owned.ts';
import { assertRepresentable } from './assert-representable.ts';
import { assertLinesAllowed } from './guard.ts';
import { type Intent, knownOf } from './intent.ts';
import { assertNoConflicts, changesOf, planIntent } from './plan-intent.ts';
import type { Fence, Ports } from './ports.ts';
import { rehearse, spellingOf } from './rehearse.ts';
import { concernedTables, type LiveTables, type Snapshot, takeSnapshot } from './snapshot.ts';
import type { Stopwatch } from './stopwatch.ts';

/** All that is known of a change before the first rule is written. */
export interface PreparedChange {
  snapshot: Snapshot;
  /** Where nothing of the ruleset was live, in the words in which it was sent. */
  plans: TablePlan[];
  changes: TableChange[];
  /** Where nothing of the ruleset is live yet, what is to be done is known before this is. */
  spelled: Promise<SpelledChange>;
}

/** A change in the kernel's words. */
export interface SpelledChange {
  spell: Spellings;
  plans: TablePlan[];
}

/**
 * Reads what is live and, at the same time, has the kernel try what is wanted; then plans the way from the one to the other.
 *
 * @throws {JobFailure} of stage `host` or `rehearse`, or `policy_denied`
 */
export async function prepareChange(
  intent: Intent,
  ports: Ports,
  fence: Fence,
  watch: Stopwatch,
): Promise<PreparedChange> {
  const { firewall, stage } = ports;
  const tables = concernedTables(intent.wanted, intent.claims);
  const snapshotting = watch.time('snapshotMs', () => takeSnapshot(firewall, fence, tables));
  const rehearsing = watch.time('rehearseMs', () => rehearseUnknown(intent, snapshotting, ports));
  const [, rehearsed] = await Promise.allSettled([snapshotting, rehearsing]);
  const snapshot = await snapshotting;
  assertNoConflicts(intent, snapshot);
  if (rehearsed.status === 'rejected') throw rehearsed.reason;

  const plan = (spell: Spellings) => watch.time('planMs', () => planIntent(intent, snapshot, spell));
  const spelled = rehearsed.value.value.then(async (spell) => ({ spell, plans: await plan(spell) }));
  spelled.catch(() => {});
  await assertLinesAllowed(intent, spelled, ports);
  const isNew = !hasAnyLive(intent, snapshot);
  const plans = isNew ? await plan(() => textOf) : (await spelled).plans;
  const changes = changesOf(plans);
  await assertRepresentable(intent, changes, snapshot, firewall, fence, stage);
  return { snapshot, plans, changes, spelled };
}

async function rehearseUnknown(
  intent: Intent,
  live: Promise<LiveTables>,
  ports: Ports,
): Promise<{ value: Promise<Spellings> }> {
  const { stage, rehearsals, log } = ports;
  const known = rehearsals.recall(intent.name) ?? (await knownOf(intent, ports));
  const { accepted, tried } = await rehearse(intent, live, known, stage);
  if (tried > 0) log.debug({ ruleset: intent.label, lines: tried }, 'Rehearsed');
  const value = accepted.then((all) => {
    rehearsals.remember(intent, all);
    return spellingOf(intent, all);
  });
  value.catch(() => {});
  return { value };
}

/** Without anything that is live, nothing has to be compared, and how the kernel spells it does not matter. */
function hasAnyLive({ scope, claims }: Intent, snapshot: LiveTables): boolean {
  return FAMILIES.some((family) => extractOwned({ scope, claims, family, live: snapshot[family] }).size > 0);
}
