import type { ApplyJob, Job, RemoveJob, ReportJob } from '../contract/job.ts';
import { rulesetDigest } from '../ruleset/digest.ts';
import { perFamily } from '../ruleset/tables.ts';
import { admitRevision, isExpired } from './admit.ts';
import { type Change, changeRuleset, checkRuleset } from './change-ruleset.ts';
import { JobFailure } from './failure.ts';
import { intentOf } from './intent.ts';
import { ended, failed, type JobEnd } from './job-end.ts';
import { lintRuleset, withRefusedLines } from './lint.ts';
import type { Fence, Ports, RulesetRecord } from './ports.ts';
import { reportRulesets } from './report-rulesets.ts';
import type { Stopwatch } from './stopwatch.ts';

/** What a job is run with, besides the job: the clock of its stages, and whom to tell that it has begun. */
export interface Run {
  watch: Stopwatch;
  started(): void;
}

/** Runs a job that this host was rightfully asked for. Whatever happens, it has an end; nothing is thrown. */
export async function runJob(job: Job, ports: Ports, run: Run): Promise<JobEnd> {
  let records: RulesetRecord[] = [];
  let end: JobEnd;
  try {
    records = await ports.rulesets.list();
    end = isExpired(job, new Date()) ? ended('expired') : await runAction(job, records, ports, run);
    records = await ports.rulesets.list();
  } catch (error) {
    end = failed(error);
  }
  return { ...end, ruleset: rulesetState(job, records) };
}

async function runAction(job: Job, records: RulesetRecord[], ports: Ports, run: Run): Promise<JobEnd> {
  switch (job.action) {
    case 'apply':
    case 'check':
      return await runApply(job, records, ports, run);
    case 'remove':
      return await runRemove(job, records, ports, run);
    case 'report':
      return await locked(job, ports, run, (fence) => reportRulesets(job, records, ports, fence, run.watch));
    case 'rollback':
      throw new JobFailure(
        'admit',
        'no_previous_revision',
        'this version of fleetwall keeps no earlier contents: apply the earlier one under a new revision',
      );
  }
}

async function runApply(job: ApplyJob, records: RulesetRecord[], ports: Ports, run: Run): Promise<JobEnd> {
  const { ruleset } = job;
  const record = recordOf(job, records);
  const digest = rulesetDigest(ruleset);
  const again = admitRevision(job, digest, record);
  const { wanted, failure } = lintRuleset(ruleset, record, ports.rehearsals);
  const intent = intentOf(ruleset, ruleset, wanted, records, ports.facts);
  if (failure !== null) throw await withRefusedLines(failure, ruleset, intent, ports);
  const { ipv4, ipv6 } = ruleset;
  const change: Change = {
    intent,
    record,
    committed: { revision: ruleset.revision, digest },
    sent: {
      ...(ipv4 === undefined ? {} : { ipv4 }),
      ...(ipv6 === undefined ? {} : { ipv6 }),
    },
    outcomes: { changed: again ? 'unchanged' : 'applied', same: 'unchanged' },
  };
  const work = job.action === 'apply' ? changeRuleset : checkRuleset;
  return await locked(job, ports, run, (fence) => work(change, ports, fence, run.watch));
}

async function runRemove(job: RemoveJob, records: RulesetRecord[], ports: Ports, run: Run): Promise<JobEnd> {
  const { name, revision } = job.ruleset;
  const record = recordOf(job, records);
  const digest = rulesetDigest({ name, scope: record?.scope ?? 'chains' });
  const again = admitRevision(job, digest, record);
  const nothing = perFamily(() => new Map());
  const change: Change = {
    intent: intentOf(job.ruleset, null, nothing, records, ports.facts),
    record,
    committed: { revision, digest },
    sent: null,
    outcomes: {
      changed: 'removed',
      same: again || record?.live == null ? 'unchanged' : 'removed',
    },
  };
  return await locked(job, ports, run, (fence) => changeRuleset(change, ports, fence, run.watch));
}

async function locked(
  job: Job,
  { lock }: Ports,
  run: Run,
  work: (fence: Fence) => Promise<JobEnd>,
): Promise<JobEnd> {
  const held = run.watch.start('lockMs');
  return await lock.hold(job.id, async (fence) => {
    held();
    run.started();
    return await work(fence);
  });
}

function recordOf(
  job: ApplyJob | RemoveJob | ReportJob,
  records: RulesetRecord[],
): RulesetRecord | undefined {
  return records.find((record) => record.name === job.ruleset?.name);
}

function rulesetState(job: Job, records: RulesetRecord[]): JobEnd['ruleset'] {
  if (job.action === 'report') return null;
  const { name, revision } = job.ruleset;
  const record = records.find((known) => known.name === name);
  const live = record?.live == null ? null : record.committed;
  const digest = job.action === 'apply' || job.action === 'check' ? rulesetDigest(job.ruleset) : null;
  return {
    name,
    revision,
    digest,
    liveRevision: live?.revision ?? null,
    liveDigest: live?.digest ?? null,
  };
}
