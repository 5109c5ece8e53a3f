import { createHash } from 'node:crypto';
import type { Diff } from '../../contract/event.ts';
import { FAMILIES } from '../../contract/identifiers.ts';
import { mergeClaims, NO_CLAIMS } from '../../ruleset/plan/claims.ts';
import { extractOwned } from '../../ruleset/plan/owned.ts';
import type { TablePlan } from '../../ruleset/plan/table-change.ts';
import { perFamily } from '../../ruleset/tables.ts';
import { readSpelled } from '../../ruleset/wanted/read-spelled.ts';
import { describeDiff } from '../outcome/describe-diff.ts';
import { namesOfRecord } from '../outcome/naming.ts';
import { type Intent, intentOf } from '../plan/intent.ts';
import { planIntent } from '../plan/plan-intent.ts';
import { concernOf, type LiveTables, takeSnapshot } from '../plan/snapshot.ts';
import type { Ports } from '../ports/ports.ts';
import type { HostSession, LiveRules } from '../ports/session.ts';
import type { RulesetRecord } from '../ports/stores.ts';

/** A committed ruleset held against what is live. */
export interface DriftOf {
  record: RulesetRecord;
  intent: Intent;
  /** What would put it back; empty if nothing has drifted. */
  plans: TablePlan[];
  /** Nothing at all of it is live, though something should be. */
  isGone: boolean;
}

/** Reads what is live, and holds every committed ruleset against it; those whose boot files are damaged are told of. */
export async function findDrift({ ports, rules }: HostSession): Promise<DriftOf[]> {
  const records = await ports.rulesets.list();
  const committed = records.filter(({ live }) => live !== null);
  const live = await snapshotOf(committed, rules);
  const found = committed.map(async (record) => {
    const intent = await committedIntent(record, records, ports);
    if (intent === null) {
      ports.log.error(namesOfRecord(record), 'The boot files of a ruleset are damaged: push it again');
      return [];
    }
    const plans = planBack(intent, live);
    return [{ record, intent, plans, isGone: plans.length > 0 && !hasAnyLive(record, live) }];
  });
  return (await Promise.all(found)).flat();
}

/** Everything that belongs to some of the rulesets. */
export async function snapshotOf(records: readonly RulesetRecord[], rules: LiveRules): Promise<LiveTables> {
  const claims = records.reduce((all, record) => mergeClaims(all, record.claims), NO_CLAIMS);
  const nothing = perFamily(() => new Map());
  return await takeSnapshot(rules, concernOf({ wanted: nothing, claims, neighbours: [] }));
}

/** Whether what is live of a ruleset is what was committed; `null` if that cannot be told. */
export async function isInSync(
  record: RulesetRecord,
  records: readonly RulesetRecord[],
  live: LiveTables,
  ports: Pick<Ports, 'boot'>,
): Promise<boolean> {
  const intent = await committedIntent(record, records, ports);
  return intent !== null && planBack(intent, live).length === 0;
}

/** From what was committed to what is live: the other way round than the plans, which lead back. */
export function describeDrift(plans: readonly TablePlan[]): Diff {
  const { added, removed, unchanged, tables, ...marks } = describeDiff(plans);
  return {
    ...marks,
    added: removed,
    removed: added,
    unchanged: Math.max(0, unchanged - removed),
    tables: tables.map((table) => ({ ...table, added: table.removed, removed: table.added })),
  };
}

/** The same for the same difference. */
export function driftKey(plans: readonly TablePlan[]): string {
  const what = plans.map(({ family, table, diff, change }) => [
    family,
    table,
    diff.added,
    diff.removed,
    change !== null,
  ]);
  return createHash('sha256').update(JSON.stringify(what)).digest('hex');
}

/** What is committed of a ruleset, as something to be wanted again; `null` if its boot files are not those of the record. */
async function committedIntent(
  record: RulesetRecord,
  records: readonly RulesetRecord[],
  { boot }: Pick<Ports, 'boot'>,
): Promise<Intent | null> {
  const { name, scope, committed } = record;
  const rules = await boot.read(record);
  if (rules === null || committed === null) return null;
  const { revision } = committed;
  const wanted = perFamily((family) => readSpelled(scope, rules[family]));
  return { ...intentOf({ name, revision }, null, wanted, records), scope };
}

function planBack(intent: Intent, live: LiveTables): TablePlan[] {
  const plans = planIntent(intent, live);
  return plans.filter(({ change }) => change !== null);
}

function hasAnyLive({ scope, claims }: RulesetRecord, live: LiveTables): boolean {
  return FAMILIES.some((family) => extractOwned({ scope, claims, family, live: live[family] }).size > 0);
}
