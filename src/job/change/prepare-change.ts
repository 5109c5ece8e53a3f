import { FAMILIES } from '../../contract/words/identifiers.ts';
import type { TableChange, TablePlan } from '../../ruleset/plan/table-change.ts';
import { perFamily } from '../../ruleset/tables.ts';
import { hasForeignHooks } from '../../ruleset/trial/surroundings.ts';
import { namesOf } from '../outcome/naming.ts';
import { assertRepresentable } from '../plan/assert-representable.ts';
import { assertLinesAllowed } from '../plan/guard.ts';
import { type Intent, knownOf } from '../plan/intent.ts';
import { assertNoConflicts, changesOf, planIntent } from '../plan/plan-intent.ts';
import { concernOf, type LiveTables, type Snapshot, takeSnapshot } from '../plan/snapshot.ts';
import type { HostSession } from '../ports/session.ts';
import { rehearse } from '../rehearse/rehearse.ts';
import { turnOfOthers } from '../time/in-turns.ts';

/** Everything that is known about a change before the first rule is written. */
export interface PreparedChange {
  /** The intent in the kernel's spelling. */
  intent: Intent;
  snapshot: Snapshot;
  plans: TablePlan[];
  changes: TableChange[];
}

/**
 * Reads what is live and, at the same time, has the kernel try what is wanted. Then plans how to get from one to the other.
 *
 * @throws {JobFailure} of stage `host` or `rehearse`, or `policy_denied`
 */
export async function prepareChange(sent: Intent, session: HostSession): Promise<PreparedChange> {
  const { watch, ports } = session;
  const { snapshot, rehearsed } = await lookAndRehearse(sent, session);
  assertNoConflicts(sent, snapshot);
  if (rehearsed.status === 'rejected') throw rehearsed.reason;

  await turnOfOthers();
  const intent = rehearsed.value;
  assertLinesAllowed(intent, snapshot, ports);
  await turnOfOthers();
  const plans = await watch.time('planMs', () => planIntent(intent, snapshot));
  await turnOfOthers();
  const changes = changesOf(plans);
  await assertRepresentable(intent, changes, snapshot, session);
  return { intent, snapshot, plans, changes };
}

/**
 * Looks and rehearses at the same time, unless the rehearsal needs to know what is live. The rehearsal's error is only returned,
 * as a conflict with others may explain it better.
 */
async function lookAndRehearse(
  sent: Intent,
  session: HostSession,
): Promise<{ snapshot: Snapshot; rehearsed: PromiseSettledResult<Intent> }> {
  const { watch, rules } = session;
  const look = async () => await watch.time('snapshotMs', () => takeSnapshot(rules, concernOf(sent)));
  const tryOut = async (live: LiveTables) =>
    await watch.time('rehearseMs', () => rehearseUnknown(sent, live, session));
  const dependsOnLive = FAMILIES.some((family) => [...sent.wanted[family].values()].some(hasForeignHooks));
  if (dependsOnLive) {
    const snapshot = await look();
    const [rehearsed] = await Promise.allSettled([tryOut(snapshot)]);
    return { snapshot, rehearsed };
  }
  const [snapshot, rehearsed] = await Promise.allSettled([
    look(),
    // The program that reads what is live is started first: what is known of long texts is compared while it runs.
    turnOfOthers().then(async () => await tryOut(perFamily(() => new Map()))),
  ]);
  if (snapshot.status === 'rejected') throw snapshot.reason;
  return { snapshot: snapshot.value, rehearsed };
}

async function rehearseUnknown(sent: Intent, live: LiveTables, { ports }: HostSession): Promise<Intent> {
  const { sandbox, rehearsals, log } = ports;
  const known = rehearsals.recall(sent.name) ?? (await knownOf(sent, ports));
  const { accepted, spelled, tried } = await rehearse(sent, live, known, sandbox);
  if (tried > 0) log.debug({ ...namesOf(sent), lines: tried }, 'Rehearsed');
  rehearsals.remember(sent, accepted);
  return { ...sent, wanted: spelled };
}
