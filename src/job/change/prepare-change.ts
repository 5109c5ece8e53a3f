import type { TableChange, TablePlan } from '../../ruleset/plan/table-change.ts';
import type { Stopwatch } from '../outcome/stopwatch.ts';
import { assertRepresentable } from '../plan/assert-representable.ts';
import { assertLinesAllowed } from '../plan/guard.ts';
import { type Intent, knownOf } from '../plan/intent.ts';
import { assertNoConflicts, changesOf, planIntent } from '../plan/plan-intent.ts';
import { concernOf, type LiveTables, type Snapshot, takeSnapshot } from '../plan/snapshot.ts';
import type { Fence } from '../ports/host-lock.ts';
import type { Ports } from '../ports/ports.ts';
import { rehearse } from '../rehearse/rehearse.ts';

/** All that is known of a change before the first rule is written. */
export interface PreparedChange {
  /** What is meant, in the kernel's words. */
  intent: Intent;
  snapshot: Snapshot;
  plans: TablePlan[];
  changes: TableChange[];
}

/**
 * Reads what is live and, at the same time, has the kernel try what is wanted; then plans the way from the one to the other.
 *
 * @throws {JobFailure} of stage `host` or `rehearse`, or `policy_denied`
 */
export async function prepareChange(
  sent: Intent,
  ports: Ports,
  fence: Fence,
  watch: Stopwatch,
): Promise<PreparedChange> {
  const concern = concernOf(sent);
  const snapshotting = watch.time('snapshotMs', () => takeSnapshot(ports.firewall, fence, concern));
  const rehearsing = watch.time('rehearseMs', () => rehearseUnknown(sent, snapshotting, ports));
  const [, rehearsed] = await Promise.allSettled([snapshotting, rehearsing]);
  const snapshot = await snapshotting;
  assertNoConflicts(sent, snapshot);
  if (rehearsed.status === 'rejected') throw rehearsed.reason;

  const intent = rehearsed.value;
  assertLinesAllowed(intent, snapshot, ports);
  const plans = await watch.time('planMs', () => planIntent(intent, snapshot));
  const changes = changesOf(plans);
  await assertRepresentable(intent, changes, snapshot, ports, fence);
  return { intent, snapshot, plans, changes };
}

async function rehearseUnknown(sent: Intent, live: Promise<LiveTables>, ports: Ports): Promise<Intent> {
  const { stage, rehearsals, log } = ports;
  const known = rehearsals.recall(sent.name) ?? (await knownOf(sent, ports));
  const { accepted, spelled, tried } = await rehearse(sent, live, known, stage);
  if (tried > 0) log.debug({ ruleset: sent.label, lines: tried }, 'Rehearsed');
  rehearsals.remember(sent, accepted);
  return { ...sent, wanted: spelled };
}
