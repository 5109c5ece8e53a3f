import { createHash } from 'node:crypto';
import type { Diff } from '../../contract/events/event.ts';
import { FAMILIES } from '../../contract/words/identifiers.ts';
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
import type { HostSession, RulesReader } from '../ports/session.ts';
import type { RulesetRecord } from '../ports/stores.ts';

/** A committed ruleset, compared with what is live. */
export interface DriftOf {
  record: RulesetRecord;
  intent: Intent;
  /** The plans that would put the ruleset back; empty if nothing has drifted. */
  plans: TablePlan[];
  /** Whether nothing of the ruleset is live, although something should be. */
  isGone: boolean;
}

/** What it takes to look: a session, or the reading part of one. */
interface DriftView {
  ports: Pick<HostSession['ports'], 'rulesets' | 'boot' | 'log'>;
  rules: RulesReader;
}

/**
 * Compares every committed ruleset with what is live. A ruleset whose boot files are damaged is left out, and logged.
 *
 * @param only the name of the one to compare; without it, all
 */
export async function findDrift({ ports, rules }: DriftView, only?: string): Promise<DriftOf[]> {
  const records = await ports.rulesets.list();
  const committed = records.filter(({ live, name }) => live !== null && (only ?? name) === name);
  const live = await snapshotOf(committed, rules);
  const found = committed.map(async (record) => {
    const intent = await committedIntent(record, records, ports);
    if (intent === null) {
      ports.log.error(namesOfRecord(record), 'The boot files of a ruleset are damaged: push it again');
      return [];
    }
    const plans = await planBack(intent, live);
    return [{ record, intent, plans, isGone: plans.length > 0 && !hasAnyLive(record, live) }];
  });
  return (await Promise.all(found)).flat();
}

/** Reads all live tables that concern any of the rulesets. */
export async function snapshotOf(records: readonly RulesetRecord[], rules: RulesReader): Promise<LiveTables> {
  const claims = records.reduce((all, record) => mergeClaims(all, record.claims), NO_CLAIMS);
  const nothing = perFamily(() => new Map());
  return await takeSnapshot(rules, concernOf({ wanted: nothing, claims, neighbours: [] }));
}

/** Says whether what is live of a ruleset is what was committed. Also `false` if its boot files are damaged. */
export async function isInSync(
  record: RulesetRecord,
  records: readonly RulesetRecord[],
  live: LiveTables,
  ports: Pick<Ports, 'boot'>,
): Promise<boolean> {
  const intent = await committedIntent(record, records, ports);
  return intent !== null && (await planBack(intent, live)).length === 0;
}

/** Describes the drift: what changed from committed to live. The plans go the other way, so added and removed are swapped. */
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

/** Returns a key that is the same for the same difference. */
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

/** Returns an intent that wants what is committed of a ruleset; `null` if the boot files are not those of the record. */
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

async function planBack(intent: Intent, live: LiveTables): Promise<TablePlan[]> {
  const plans = await planIntent(intent, live, { stood: intent.record?.appended ?? [] });
  return plans.filter(({ change }) => change !== null);
}

function hasAnyLive({ scope, claims }: RulesetRecord, live: LiveTables): boolean {
  return FAMILIES.some((family) => extractOwned({ scope, claims, family, live: live[family] }).size > 0);
}
