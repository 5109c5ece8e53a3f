import type { ApplyJob, Job, RemoveJob, ReportJob, RollbackJob, RulesetJob } from '../contract/job.ts';
import { contentText, textDigest } from '../ruleset/digest.ts';
import { perFamily } from '../ruleset/tables.ts';
import { admitRevision, isExpired } from './admit.ts';
import { type Change, changeRuleset, checkRuleset } from './change-ruleset.ts';
import { earlierAfter, earlierContent } from './earlier.ts';
import { intentOf } from './intent.ts';
import { ended, failed, type JobEnd } from './job-end.ts';
import { assertSameScope, lintRuleset, withRefusedLines } from './lint.ts';
import type { Fence, Ports } from './ports.ts';
import { reportRulesets } from './report-rulesets.ts';
import type { RulesetRecord } from './state.ts';
import type { Stopwatch } from './stopwatch.ts';

/** What a job is run with, besides the job: the clock of its stages, and whom to tell that it has begun. */
export interface Run {
  watch: Stopwatch;
  started(): void;
}

/** Runs a job that this host was rightfully asked for. Whatever happens, it has an end; nothing is thrown. */
export async function runJob(job: Job, ports: Ports, run: Run): Promise<JobEnd> {
  let digest: string | null = null;
  const asked = (content: string) => (digest = textDigest(content));
  try {
    const end = isExpired(job, new Date()) ? ended('expired') : await runAction(job, ports, run, asked);
    return { ...end, ruleset: await rulesetState(job, digest, ports) };
  } catch (error) {
    const end = failed(error);
    const ruleset = await rulesetState(job, digest, ports).catch(() => null);
    return { ...end, ruleset };
  }
}

/** Tells the digest of what a job asks for, once that is known. */
type Asked = (content: string) => string;

async function runAction(job: Job, ports: Ports, run: Run, asked: Asked): Promise<JobEnd> {
  switch (job.action) {
    case 'apply':
    case 'check':
      return await runApply(job, ports, run, asked);
    case 'remove':
      return await runRemove(job, ports, run);
    case 'rollback':
      return await runRollback(job, ports, run, asked);
    case 'report':
      return await runReport(job, ports, run);
  }
}

async function runApply(job: ApplyJob, ports: Ports, run: Run, asked: Asked): Promise<JobEnd> {
  const { ruleset, action } = job;
  const content = contentText(ruleset);
  const digest = asked(content);
  const admit = (record: RulesetRecord | undefined) => {
    const again = admitRevision(job, digest, record);
    assertSameScope(ruleset, record);
    return again;
  };
  // What is refused anyway need not wait for its turn; when that has come, another job may have gone before.
  const before = await ports.rulesets.list();
  admit(recordOf(job, before));
  const { wanted, failure } = lintRuleset(ruleset, ports.rehearsals);
  if (failure !== null) {
    throw await withRefusedLines(failure, ruleset, intentOf(ruleset, ruleset, wanted, before), ports);
  }
  return await locked(job, ports, run, async (fence, records, started) => {
    const record = recordOf(job, records);
    const again = admit(record);
    started();
    const change: Change = {
      intent: intentOf(ruleset, ruleset, wanted, records),
      committed: { revision: ruleset.revision, digest },
      content,
      earlier: earlierAfter(record, ruleset.scope, digest),
      outcomes: { changed: again ? 'unchanged' : 'applied', same: 'unchanged' },
    };
    const work = action === 'apply' ? changeRuleset : checkRuleset;
    return await work(change, ports, fence, run.watch);
  });
}

async function runRemove(job: RemoveJob, ports: Ports, run: Run): Promise<JobEnd> {
  const { name, revision } = job.ruleset;
  return await locked(job, ports, run, async (fence, records, started) => {
    const record = recordOf(job, records);
    const scope = record?.scope ?? 'chains';
    const digest = textDigest(contentText({ name, scope }));
    const again = admitRevision(job, digest, record);
    started();
    const nothing = perFamily(() => new Map());
    const change: Change = {
      intent: intentOf(job.ruleset, null, nothing, records),
      committed: { revision, digest },
      content: null,
      earlier: earlierAfter(record, scope, digest),
      outcomes: {
        changed: 'removed',
        same: again || record?.live == null ? 'unchanged' : 'removed',
      },
    };
    return await changeRuleset(change, ports, fence, run.watch);
  });
}

async function runRollback(job: RollbackJob, ports: Ports, run: Run, asked: Asked): Promise<JobEnd> {
  const { revision } = job.ruleset;
  return await locked(job, ports, run, async (fence, records, started) => {
    const record = recordOf(job, records);
    // To go back once more under the same revision is never meant: no content is the one that is asked for again.
    admitRevision(job, null, record);
    const earlier = await earlierContent(job, record, ports.contents);
    const ruleset = { ...earlier.content, revision, adopt: [] };
    const content = contentText(ruleset);
    const digest = asked(content);
    const { wanted, failure } = lintRuleset(ruleset, ports.rehearsals);
    if (failure !== null) throw failure;
    started();
    const change: Change = {
      intent: intentOf(ruleset, ruleset, wanted, records),
      committed: { revision, digest },
      content,
      earlier: earlier.left,
      outcomes: { changed: 'applied', same: 'applied' },
    };
    return await changeRuleset(change, ports, fence, run.watch);
  });
}

async function runReport(job: ReportJob, ports: Ports, run: Run): Promise<JobEnd> {
  return await locked(job, ports, run, async (fence, records, started) => {
    started();
    return await reportRulesets(job, records, ports, fence, run.watch);
  });
}

async function locked(
  job: Job,
  { lock, rulesets, stage }: Ports,
  run: Run,
  work: (fence: Fence, records: RulesetRecord[], started: () => void) => Promise<JobEnd>,
): Promise<JobEnd> {
  const held = run.watch.start('lockMs');
  return await lock.hold(job.id, async (fence) => {
    held();
    try {
      return await work(fence, await rulesets.list(), () => run.started());
    } finally {
      await stage.ended();
    }
  });
}

function recordOf(job: RulesetJob, records: readonly RulesetRecord[]): RulesetRecord | undefined {
  return records.find((record) => record.name === job.ruleset.name);
}

async function rulesetState(
  job: Job,
  digest: string | null,
  { rulesets }: Ports,
): Promise<JobEnd['ruleset']> {
  if (job.action === 'report') return null;
  const { name, revision } = job.ruleset;
  const record = recordOf(job, await rulesets.list());
  const live = record?.live == null ? null : record.committed;
  return {
    name,
    revision,
    digest,
    liveRevision: live?.revision ?? null,
    liveDigest: live?.digest ?? null,
  };
}
