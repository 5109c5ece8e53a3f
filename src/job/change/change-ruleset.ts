import type { TableChange } from '../../ruleset/plan/table-change.ts';
import { describeDiff } from '../outcome/describe-diff.ts';
import { fitDiff } from '../outcome/fit-event.ts';
import { asJobFailure, ended, type JobEnd } from '../outcome/job-end.ts';
import type { JobRun } from '../outcome/job-run.ts';
import type { Change } from '../plan/proposal.ts';
import { renderSnapshot } from '../plan/snapshot.ts';
import { WindowLeft } from '../ports/confirmation.ts';
import { type Fence, LockLost } from '../ports/host-lock.ts';
import { monotonicMs } from '../ports/monotonic.ts';
import type { OpenChange, PendingChange } from '../ports/pending.ts';
import type { Ports } from '../ports/ports.ts';
import type { RulesetRecord } from '../ports/stores.ts';
import { explainRefusal } from '../rehearse/explain-refusal.ts';
import { bothDone } from './both-done.ts';
import { commitRecord, prepareCommit } from './commit.ts';
import { assertConfirmable, confirmChange } from './confirm.ts';
import { converge } from './converge.ts';
import { type PreparedChange, prepareChange } from './prepare-change.ts';
import { takeBack, UNDO_LIMIT_MS } from './take-back.ts';

/** Everything but the change: what it would do, and whether the kernel takes it. */
export async function checkRuleset(
  { intent }: Change,
  ports: Ports,
  fence: Fence,
  { watch }: JobRun,
): Promise<JobEnd> {
  const { plans } = await prepareChange(intent, ports, fence, watch);
  return ended('checked', { diff: describeDiff(plans) });
}

/**
 * Makes the host have what is wanted, in all tables of both families, or leaves it as it was.
 *
 * @throws {LockLost} {@link WindowLeft} if it has to be left as it is, for {@link settlePending}; any other error comes
 *   before the first change
 */
export async function changeRuleset(sent: Change, ports: Ports, fence: Fence, run: JobRun): Promise<JobEnd> {
  const { committed, content } = sent;
  const [prepared] = await bothDone(
    prepareChange(sent.intent, ports, fence, run.watch),
    content === null ? Promise.resolve() : ports.contents.keep(committed.digest, content),
  );
  const { intent, snapshot, plans, changes } = prepared;
  const change = { ...sent, intent };
  if (changes.length === 0) {
    await commitRecord(await prepareCommit(change, run.job.id, ports), ports);
    return ended(change.outcomes.same, { diff: describeDiff(plans) });
  }
  const { confirm } = run.job;
  if (confirm.mode !== 'none') await assertConfirmable(intent.label, ports);
  const pending = pendingOf(change, prepared, ports, run);
  await ports.journal.open(pending, renderSnapshot(snapshot, intent.claims));
  if (confirm.mode !== 'none') await ports.watchdog.arm(pending, confirm.timeoutSeconds);
  return await applyAndConfirm(change, prepared, pending, ports, fence, run);
}

/** From here on the host is not as it was: whatever happens, it is put back, or somebody is left who does that. */
async function applyAndConfirm(
  change: Change,
  prepared: PreparedChange,
  pending: PendingChange,
  ports: Ports,
  fence: Fence,
  run: JobRun,
): Promise<JobEnd> {
  const { intent } = change;
  const preparing = prepareCommit(change, run.job.id, ports);
  preparing.catch(() => {});
  const touched: TableChange[] = [];
  try {
    await converge(intent, prepared.changes, ports, fence, run.watch, touched);
    const after = await preparing;
    const diff = describeDiff(prepared.plans);
    const open = windowOf({ ...pending, diff: fitDiff(diff) }, after, ports, run);
    if (open !== null) {
      await ports.journal.update(open);
      await run.watch.time('confirmMs', () => confirmChange(open, ports));
    }
    await commitRecord(after, ports);
    return ended(change.outcomes.changed, { changed: true, diff });
  } catch (error) {
    await preparing.catch(() => {});
    if (error instanceof LockLost || error instanceof WindowLeft) throw error;
    const failure = asJobFailure(error);
    const explain = async () => await explainRefusal(intent, failure, ports, fence);
    const { label } = intent;
    const before = () => prepared.snapshot;
    const limitMs = UNDO_LIMIT_MS;
    return await takeBack(
      { subject: intent, label, touched, before, failure, explain, limitMs },
      ports,
      fence,
    );
  }
}

function pendingOf(
  { intent, committed, outcomes }: Change,
  { plans }: PreparedChange,
  { place }: Ports,
  { job, origin }: JobRun,
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
  };
}

/** `null`: nobody is asked whether the change may stay. */
function windowOf(
  pending: PendingChange,
  after: RulesetRecord | null,
  { confirmation }: Ports,
  { job }: JobRun,
): OpenChange | null {
  const { mode, timeoutSeconds } = job.confirm;
  if (mode === 'none') return null;
  const ms = timeoutSeconds * 1000;
  const deadline = new Date(Date.now() + ms).toISOString();
  const { resumable } = confirmation.answers;
  return { ...pending, window: { mode, resumable, deadline, deadlineMs: monotonicMs() + ms, after } };
}
