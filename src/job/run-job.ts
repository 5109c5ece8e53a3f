import {
  type ApplyJob,
  isRulesetJob,
  type Job,
  type RemoveJob,
  type ReportJob,
  type RollbackJob,
  type RulesetJob,
} from '../contract/jobs/job.ts';
import { contentText, textDigest } from '../ruleset/digest.ts';
import { perFamily } from '../ruleset/tables.ts';
import { changeRuleset, checkRuleset } from './change/change-ruleset.ts';
import { reportRulesets } from './drift/report-rulesets.ts';
import { endAt } from './drift/what-comes-after.ts';
import { admitRevision, assertExpires, assertLasts, isExpired } from './intake/admit.ts';
import { assertSameScope, lintRuleset, withRefusedLines } from './intake/lint.ts';
import type { BatchPlace } from './intake/list-batch.ts';
import { holdLists } from './lists/hold-lists.ts';
import { reportList } from './lists/report-list.ts';
import { runListJobs } from './lists/run-lists.ts';
import { ended, failed } from './outcome/job-end.ts';
import type { JobRun } from './outcome/job-run.ts';
import { earlierAfter, earlierContent } from './plan/earlier.ts';
import { assertAllowed } from './plan/guard.ts';
import { intentOf } from './plan/intent.ts';
import { untilOf } from './plan/lasting.ts';
import { assertLists, type MatchedList, matchedLists } from './plan/matched-lists.ts';
import type { Proposal } from './plan/proposal.ts';
import { WindowLeft } from './ports/confirmation.ts';
import type { Ports } from './ports/ports.ts';
import type { RulesetRecord } from './ports/stores.ts';
import { turnOfOthers } from './time/in-turns.ts';
import { underLock } from './under-lock.ts';

/**
 * Runs an authorised job to its end. The end is then in `run`.
 *
 * @param batch other jobs of its list, which are run together with it
 *
 * @throws {WindowLeft} if the worker must stop while the job waits to be confirmed; any other error becomes the job's end
 */
export async function runJob(run: JobRun, ports: Ports, batch?: BatchPlace): Promise<void> {
  const { job } = run;
  try {
    ports.clock.vouch(new Date(job.issuedAt));
    assertExpires(job, run.origin, ports);
    if (isExpired(job, ports.clock.now())) await run.conclude(ended('expired'));
    else await runAction(job, run, ports, batch);
  } catch (error) {
    if (error instanceof WindowLeft) throw error;
    // An end that is on disk stands: what fails after it was not part of the job.
    if (run.event === null) await run.conclude(failed(error));
    else ports.log.error({ jobId: job.id, error }, 'Something failed after the end of a job');
  }
}

async function runAction(job: Job, run: JobRun, ports: Ports, batch?: BatchPlace): Promise<void> {
  if (isRulesetJob(job)) assertAllowed(job.ruleset, ports);
  switch (job.action) {
    case 'apply':
    case 'check':
      return await runApply(job, run, ports);
    case 'remove':
      return await runRemove(job, run, ports);
    case 'rollback':
      return await runRollback(job, run, ports);
    case 'report':
      return job.list === undefined
        ? await runReport(job, run, ports)
        : await reportList(job.list.name, run, ports);
    case 'list.replace':
    case 'list.change':
    case 'list.remove':
      return batch === undefined ? await runListJobs([run], ports) : await batch.join(run);
  }
}

async function runApply(job: ApplyJob, run: JobRun, ports: Ports): Promise<void> {
  const { ruleset, action } = job;
  const content = contentText(ruleset);
  const digest = textDigest(content);
  run.digest = digest;
  const admit = (record: RulesetRecord | undefined) => {
    const again = admitRevision(job, digest, record);
    assertLasts(job, ports.clock.now());
    assertSameScope(ruleset, record);
    return again;
  };
  // A job that would be refused anyway is refused before it waits for the lock. Under the lock this is checked again, as another
  // job may have changed the record.
  admit(await ports.rulesets.find(ruleset.name));
  const { wanted, failure } = await lintRuleset(ruleset, ports.rehearsals);
  await turnOfOthers();
  const matched = await matchedLists(wanted);
  if (failure !== null) {
    const sent = intentOf(ruleset, ruleset, wanted, await ports.rulesets.list());
    throw await withRefusedLines(failure, ruleset, sent, ports);
  }
  await assertLists(ruleset, matched, ports);
  await underLock(run, ports, async (session, records) => {
    if (isExpired(job, ports.clock.now())) return ended('expired');
    const record = recordOf(job, records);
    const again = admit(record);
    await assertLists(ruleset, matched, ports);
    run.tellStarted();
    const proposal: Proposal = {
      intent: intentOf(ruleset, ruleset, wanted, records),
      committed: { revision: ruleset.revision, digest },
      content,
      earlier: earlierAfter(record, ruleset.scope, digest),
      end: action === 'check' ? null : await endAt(untilOf(job), record, records, session),
      ending: null,
      tests: [...(ruleset.tests ?? []), ...ports.policyTests],
      outcomes: { changed: again ? 'unchanged' : 'applied', same: 'unchanged' },
    };
    if (action === 'check') return await checkRuleset(proposal, session);
    const needed = { matched: namesOf(matched), made: ruleset.lists ?? [] };
    return await holdLists(needed, run, ports, async () => await changeRuleset(proposal, session, run));
  });
}

async function runRemove(job: RemoveJob, run: JobRun, ports: Ports): Promise<void> {
  const { name, revision } = job.ruleset;
  await underLock(run, ports, async (session, records) => {
    const record = recordOf(job, records);
    const scope = record?.scope ?? 'chains';
    const digest = textDigest(contentText({ name, scope }));
    const again = admitRevision(job, digest, record);
    run.tellStarted();
    const nothing = perFamily(() => new Map());
    const proposal: Proposal = {
      intent: intentOf(job.ruleset, null, nothing, records),
      committed: { revision, digest },
      content: null,
      earlier: earlierAfter(record, scope, digest),
      end: null,
      ending: null,
      tests: [],
      outcomes: {
        changed: 'removed',
        same: again || record?.live == null ? 'unchanged' : 'removed',
      },
    };
    return await changeRuleset(proposal, session, run);
  });
}

async function runRollback(job: RollbackJob, run: JobRun, ports: Ports): Promise<void> {
  const { revision } = job.ruleset;
  await underLock(run, ports, async (session, records) => {
    const record = recordOf(job, records);
    // An earlier delivery of this job committed the rollback, and there was nothing to change.
    if (record?.committedBy === job.id) return ended('applied');
    // `null` equals no committed digest: a rollback under the revision that is already committed is always refused.
    admitRevision(job, null, record);
    const earlier = await earlierContent(job, record, ports.contents);
    const ruleset = { ...earlier.content, revision, adopt: [] };
    const content = contentText(ruleset);
    const digest = textDigest(content);
    run.digest = digest;
    const { wanted, failure } = await lintRuleset(ruleset, ports.rehearsals);
    if (failure !== null) throw failure;
    const matched = await matchedLists(wanted);
    await assertLists(ruleset, matched, ports);
    run.tellStarted();
    const proposal: Proposal = {
      intent: intentOf(ruleset, ruleset, wanted, records),
      committed: { revision, digest },
      content,
      earlier: earlier.left,
      end: null,
      ending: null,
      tests: ports.policyTests,
      outcomes: { changed: 'applied', same: 'applied' },
    };
    const needed = { matched: namesOf(matched), made: [] };
    return await holdLists(needed, run, ports, async () => await changeRuleset(proposal, session, run));
  });
}

async function runReport(job: ReportJob, run: JobRun, ports: Ports): Promise<void> {
  await underLock(run, ports, async (session, records) => {
    run.tellStarted();
    return await reportRulesets(job, records, session);
  });
}

function namesOf(matched: readonly MatchedList[]): Set<string> {
  return new Set(matched.map(({ list }) => list));
}

function recordOf(job: RulesetJob, records: readonly RulesetRecord[]): RulesetRecord | undefined {
  return records.find((record) => record.name === job.ruleset.name);
}
