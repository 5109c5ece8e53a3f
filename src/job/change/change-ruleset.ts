import type { Job } from '../../contract/jobs/job.ts';
import { describeDiff } from '../outcome/describe-diff.ts';
import { fitDiff } from '../outcome/fit-event.ts';
import { asJobFailure, ended, type JobEnd } from '../outcome/job-end.ts';
import type { JobRun } from '../outcome/job-run.ts';
import type { Proposal } from '../plan/proposal.ts';
import { renderSnapshot } from '../plan/snapshot.ts';
import { WindowLeft } from '../ports/confirmation.ts';
import { LockLost } from '../ports/host-lock.ts';
import type { JobBrief, OpenChange, PendingChange } from '../ports/pending.ts';
import type { HostSession } from '../ports/session.ts';
import type { RulesetRecord } from '../ports/stores.ts';
import { tryReach } from '../reach/try-reach.ts';
import { explainRefusal } from '../rehearse/explain-refusal.ts';
import { turnOfOthers } from '../time/in-turns.ts';
import { monotonicMs } from '../time/monotonic.ts';
import { bothDone } from './both-done.ts';
import { commitRecord, prepareCommit } from './commit.ts';
import { assertConfirmable, confirmChange } from './confirm.ts';
import { type Converged, converge } from './converge.ts';
import { endWindowOf } from './end-window.ts';
import { type PreparedChange, prepareChange } from './prepare-change.ts';
import { takeBack, UNDO_LIMIT_MS } from './take-back.ts';
import { testChange } from './test-change.ts';

/** Who asks for a change. */
export interface Asked extends Pick<JobRun, 'origin' | 'beforeWriting' | 'onWritten'> {
  job: JobBrief & Pick<Job, 'confirm'>;
}

/** Does everything but the change: returns what it would do, or throws why it cannot be done. */
export async function checkRuleset(proposal: Proposal, session: HostSession): Promise<JobEnd> {
  const prepared = await prepareChange(proposal.intent, session);
  const tests = await testChange(proposal, prepared, session);
  const { ports, watch } = session;
  const reach = ports.tellsReach
    ? await watch.time('rehearseMs', async () => await tryReach(prepared, ports))
    : null;
  const diff = describeDiff(prepared.plans);
  return ended('checked', { diff: reach === null ? diff : { ...diff, reach }, ...tests });
}

/**
 * Makes the host have what is wanted in all tables of both families, or leaves the host as it was.
 *
 * @throws {LockLost | WindowLeft} if the change stays as it is, for {@link settlePending}; any other error comes before the first
 * rule is written
 */
export async function changeRuleset(sent: Proposal, session: HostSession, run: Asked): Promise<JobEnd> {
  const { ports } = session;
  const { committed, content } = sent;
  const [prepared] = await bothDone(
    prepareChange(sent.intent, session),
    content === null ? Promise.resolve() : ports.contents.keep(committed.digest, content),
  );
  const { intent, snapshot, plans, changes } = prepared;
  const proposal = { ...sent, intent };
  const tests = await testChange(proposal, prepared, session);
  if (changes.length === 0) {
    await run.beforeWriting();
    // Nobody would tell that it has ended, should that be cut short between the record and the event.
    if (sent.ending !== null)
      await ports.journal.open(
        pendingOf(proposal, prepared, session, run),
        renderSnapshot(snapshot, intent.claims),
      );
    await commitRecord(await prepareCommit(proposal, run.job.id, ports), session);
    return ended(proposal.outcomes.same, { diff: describeDiff(plans), ...tests });
  }
  const { confirm } = run.job;
  if (confirm.mode !== 'none') await assertConfirmable(`ruleset ${intent.label}`, ports);
  await run.beforeWriting();
  const pending = pendingOf(proposal, prepared, session, run);
  await turnOfOthers();
  await ports.journal.open(pending, renderSnapshot(snapshot, intent.claims));
  if (confirm.mode !== 'none') await ports.watchdog.arm(pending, confirm.timeoutSeconds);
  return { ...(await applyAndConfirm(proposal, prepared, pending, session, run)), ...tests };
}

/**
 * Writes the change. If anything fails from here on, the change is taken back, or stays in the journal for another process to
 * settle.
 */
async function applyAndConfirm(
  proposal: Proposal,
  prepared: PreparedChange,
  pending: PendingChange,
  session: HostSession,
  run: Asked,
): Promise<JobEnd> {
  const { intent, outcomes } = proposal;
  const [converged, record] = await convergeAndPrepare(proposal, prepared, session, run);
  try {
    if (converged.error !== null) throw converged.error;
    if (record.status === 'rejected') throw record.reason;
    const diff = describeDiff(prepared.plans);
    await confirmAndCommit(pending, record.value, session, run);
    return ended(outcomes.changed, { changed: true, diff });
  } catch (error) {
    if (error instanceof LockLost || error instanceof WindowLeft) throw error;
    const failure = asJobFailure(error);
    const work = {
      subject: intent,
      touched: converged.touched,
      before: () => prepared.snapshot,
      failure,
      explain: async () => await explainRefusal(intent, failure, session),
      limitMs: UNDO_LIMIT_MS,
    };
    return await takeBack(work, session);
  }
}

/**
 * Writes the rules and prepares the record at the same time, so that the commit is one small step. Waits until both have ended.
 */
async function convergeAndPrepare(
  proposal: Proposal,
  { changes }: PreparedChange,
  session: HostSession,
  { job }: Asked,
): Promise<[Converged, PromiseSettledResult<RulesetRecord | null>]> {
  const [converged, [record]] = await Promise.all([
    converge(proposal.intent, changes, session),
    Promise.allSettled([prepareCommit(proposal, job.id, session.ports)]),
  ]);
  return [converged, record];
}

/**
 * Waits for the confirmation, if one is wanted, and commits.
 *
 * @throws {JobFailure | StateUnavailable} if the change must be taken back
 * @throws {WindowLeft} if the change stays open
 */
async function confirmAndCommit(
  pending: PendingChange,
  after: RulesetRecord | null,
  session: HostSession,
  run: Asked,
): Promise<void> {
  const { ports, watch } = session;
  run.onWritten();
  const open = windowOf(pending, after, ports.confirmation.answers.resumable, run);
  if (open !== null) {
    await ports.journal.update(open);
    await watch.time('confirmMs', () => confirmChange(open, endWindowOf(open, ports), ports));
  }
  await commitRecord(after, session);
}

function pendingOf(
  { intent, committed, outcomes, ending }: Proposal,
  { plans }: PreparedChange,
  { ports: { place } }: HostSession,
  { job, origin }: Asked,
): PendingChange {
  const { name, scope, claims } = intent;
  return {
    job: { id: job.id, action: job.action, issuedAt: job.issuedAt, rolloutId: job.rolloutId },
    origin,
    ruleset: { name, scope, ...committed },
    outcome: outcomes.changed,
    diff: fitDiff(describeDiff(plans)),
    place,
    claims,
    tables: plans.map(({ family, table }) => ({ family, table })),
    window: null,
    owed: null,
    ending,
  };
}

/** Returns the change with its window, or `null` if the job wants no confirmation. */
function windowOf(
  pending: PendingChange,
  after: RulesetRecord | null,
  resumable: boolean,
  { job }: Asked,
): OpenChange | null {
  const { mode, timeoutSeconds } = job.confirm;
  if (mode === 'none') return null;
  const ms = timeoutSeconds * 1000;
  const deadline = new Date(Date.now() + ms).toISOString();
  return { ...pending, window: { mode, resumable, deadline, deadlineMs: monotonicMs() + ms, after } };
}
