import type { ReportedRuleset } from '../../contract/events/event.ts';
import type { ReportJob } from '../../contract/jobs/job.ts';
import { extractOwned, renderOwned } from '../../ruleset/plan/owned.ts';
import { perFamily } from '../../ruleset/tables.ts';
import { fromBytes } from '../../ruleset/text/bytes.ts';
import { endingOf } from '../outcome/ending-of.ts';
import { ended, type JobEnd } from '../outcome/job-end.ts';
import type { LiveTables } from '../plan/snapshot.ts';
import type { HostSession } from '../ports/session.ts';
import type { RulesetRecord } from '../ports/stores.ts';
import { isInSync, snapshotOf } from './drift.ts';

/** Reports what is live of all committed rulesets, or of the one that the job asks for. */
export async function reportRulesets(
  job: ReportJob,
  records: readonly RulesetRecord[],
  { ports, rules, watch }: HostSession,
): Promise<JobEnd> {
  const asked = job.ruleset?.name;
  const chosen = records.filter(({ name, live }) => live !== null && (asked === undefined || asked === name));
  const live = await watch.time('snapshotMs', () => snapshotOf(chosen, rules));
  const reported = chosen.map(async (record) => await reportRuleset(record, records, live, ports));
  return ended('reported', { report: { rulesets: (await Promise.all(reported)).flat() } });
}

async function reportRuleset(
  record: RulesetRecord,
  records: readonly RulesetRecord[],
  live: LiveTables,
  ports: HostSession['ports'],
): Promise<ReportedRuleset[]> {
  const { name, scope, committed, claims } = record;
  if (committed === null) return [];
  const inSync = await isInSync(record, records, live, ports);
  const now = perFamily((family) =>
    fromBytes(renderOwned(extractOwned({ scope, claims, family, live: live[family] }))),
  );
  return [
    {
      name,
      ...committed,
      scope,
      inSync,
      ...endingOf(record),
      ipv4: now.ipv4.text || null,
      ipv6: now.ipv6.text || null,
      ...(now.ipv4.escaped || now.ipv6.escaped ? { escaped: true } : {}),
    },
  ];
}
