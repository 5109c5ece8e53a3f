import type { ReportedRuleset } from '../contract/event.ts';
import type { ReportJob } from '../contract/job.ts';
import { mergeClaims, NO_CLAIMS } from '../ruleset/claims.ts';
import { extractOwned, renderOwned } from '../ruleset/owned.ts';
import { perFamily } from '../ruleset/tables.ts';
import { planDrift } from './drift.ts';
import { ended, type JobEnd } from './job-end.ts';
import type { Fence, Ports } from './ports.ts';
import { concernedTables, type LiveTables, takeSnapshot } from './snapshot.ts';
import type { RulesetRecord } from './state.ts';
import type { Stopwatch } from './stopwatch.ts';

/** Tells what is live of the committed rulesets, or of the one that is asked for. */
export async function reportRulesets(
  job: ReportJob,
  records: readonly RulesetRecord[],
  ports: Ports,
  fence: Fence,
  watch: Stopwatch,
): Promise<JobEnd> {
  const asked = job.ruleset?.name;
  const chosen = records.filter(({ name, live }) => live !== null && (asked === undefined || asked === name));
  const claims = chosen.reduce((all, record) => mergeClaims(all, record.claims), NO_CLAIMS);
  const tables = concernedTables(
    perFamily(() => new Map()),
    claims,
  );
  const live = await watch.time('snapshotMs', () => takeSnapshot(ports.firewall, fence, tables));
  const reported = chosen.map(async (record) => await reportRuleset(record, records, live, ports));
  return ended('reported', { report: { rulesets: (await Promise.all(reported)).flat() } });
}

async function reportRuleset(
  record: RulesetRecord,
  records: readonly RulesetRecord[],
  live: LiveTables,
  ports: Ports,
): Promise<ReportedRuleset[]> {
  const { name, scope, committed, claims } = record;
  if (committed === null) return [];
  const plans = await planDrift(record, records, live, ports);
  const now = perFamily((family) => renderOwned(extractOwned({ scope, claims, family, live: live[family] })));
  return [
    {
      name,
      ...committed,
      scope,
      inSync: plans !== null && plans.every(({ change }) => change === null),
      ipv4: now.ipv4 || null,
      ipv6: now.ipv6 || null,
    },
  ];
}
