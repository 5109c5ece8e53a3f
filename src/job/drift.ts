import type { TablePlan } from '../ruleset/change.ts';
import { asSent } from '../ruleset/spelling.ts';
import { perFamily } from '../ruleset/tables.ts';
import { readSpelled } from '../ruleset/wanted.ts';
import { type Intent, intentOf } from './intent.ts';
import { planIntent } from './plan-intent.ts';
import type { Ports } from './ports.ts';
import type { LiveTables } from './snapshot.ts';
import type { RulesetRecord } from './state.ts';

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

/** The way from what is live back to what was committed: empty where nothing has drifted; `null` if that cannot be told. */
export async function planDrift(
  record: RulesetRecord,
  records: readonly RulesetRecord[],
  live: LiveTables,
  ports: Pick<Ports, 'boot'>,
): Promise<TablePlan[] | null> {
  const intent = await committedIntent(record, records, ports);
  return intent === null ? null : planIntent(intent, live, () => asSent, { hooksStay: true });
}
