import { commitRecord, mendBootFiles } from '../change/commit.ts';
import { confirmChange } from '../change/confirm.ts';
import { endWindowOf } from '../change/end-window.ts';
import { takeBack, UNDO_LIMIT_MS } from '../change/take-back.ts';
import { asJobFailure, ended, failed, type JobEnd } from '../outcome/job-end.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { labelOf } from '../outcome/naming.ts';
import { type LiveTables, parseSnapshot } from '../plan/snapshot.ts';
import { WindowLeft } from '../ports/confirmation.ts';
import { LockTimeout } from '../ports/host-lock.ts';
import { JournalDamaged, type OpenChange, type PendingChange } from '../ports/pending.ts';
import type { HostSession } from '../ports/session.ts';
import type { RulesetRecord } from '../ports/stores.ts';
import { monotonicMs } from '../time/monotonic.ts';
import { isGone } from './is-gone.ts';

export interface SettleOptions {
  /** Why the change is undone; `null`: because it was cut short. */
  why: JobFailure | null;
  /** The change's job has already ended. So nobody is asked for an answer, and the undo is tried only once. */
  hasEnded: boolean;
}

/**
 * Ends a pending change. If the record names its job, the change is kept. If it still waits for an answer, the worker goes on
 * waiting. Any other change is undone. Makes the boot files those of the record first.
 *
 * @throws {StateUnavailable | LockLost | LockTimeout | WindowLeft}
 */
export async function settleChange(
  change: PendingChange,
  { why, hasEnded }: SettleOptions,
  session: HostSession,
): Promise<JobEnd> {
  const { ports } = session;
  const { outcome, diff } = change;
  const { name, scope, revision } = change.ruleset;
  const records = await ports.rulesets.list();
  const record = records.find((known) => known.name === name);
  const kept = ended(outcome, { changed: true, diff });
  const boot = await mendBootFiles(
    record?.scope === scope ? record : { name, scope, live: null, committed: null },
    ports,
  );
  if (record?.committedBy === change.job.id) return kept;
  const isLost = await isGone(change, session);
  // After a reboot the rules are gone, and there is nothing to undo. But if the boot files had to be mended, that boot may have
  // loaded the rules that were about to be committed.
  if (isLost && boot !== 'mended') return failed(goneFailure(change));
  const goesOn = !hasEnded && !isLost && mayGoOn(change);
  const neighbours = records.filter((other) => other.name !== name);
  const reason = goesOn ? await resumeWindow(change, session) : (why ?? cutShort(change, isLost));
  if (reason === null) return kept;
  const subject = { name, revision, scope, claims: change.claims, neighbours };
  const before = async () =>
    isLost ? await committedTables(record, ports) : await snapshotOf(record, ports);
  const limitMs = hasEnded ? 0 : UNDO_LIMIT_MS;
  const touched = change.tables;
  return await takeBack({ subject, touched, before, failure: reason, limitMs }, session);
}

/** @returns `null` if the change is on record, or why it must be undone @throws {LockTimeout | WindowLeft} */
async function resumeWindow(change: OpenChange, session: HostSession): Promise<JobFailure | null> {
  const { ports } = session;
  if (!ports.confirmation.answers.resumable) throw waitsFor(change);
  try {
    await confirmChange(change, endWindowOf(change, ports), ports);
    await commitRecord(change.window.after, session);
    return null;
  } catch (error) {
    if (error instanceof WindowLeft) throw error;
    return asJobFailure(error);
  }
}

function cutShort(change: PendingChange, isLost: boolean): JobFailure {
  return isLost ? goneFailure(change) : restartedFailure(change);
}

/** Says whether the change waits for an answer that may still come. */
function mayGoOn(change: PendingChange): change is OpenChange {
  const { window } = change;
  return window !== null && window.mode === 'manual' && window.resumable && monotonicMs() < window.deadlineMs;
}

/** Returns the tables before the change. If the snapshot is damaged, returns the committed rules instead. */
async function snapshotOf(
  record: RulesetRecord | undefined,
  ports: HostSession['ports'],
): Promise<LiveTables> {
  try {
    return parseSnapshot(await ports.journal.readSnapshot());
  } catch (error) {
    if (!(error instanceof JournalDamaged)) throw error;
    ports.log.error(
      { error },
      'The snapshot of a change is damaged: the host gets back what was committed last',
    );
    return await committedTables(record, ports, error);
  }
}

async function committedTables(
  record: RulesetRecord | undefined,
  { boot }: HostSession['ports'],
  cause: Error | null = null,
): Promise<LiveTables> {
  const committed = record?.live == null ? { ipv4: '', ipv6: '' } : await boot.read(record);
  if (committed !== null) return parseSnapshot(committed);
  const also = cause === null ? '' : `${cause.message}, and so is `;
  const message = `${also}what was committed: see to the rules yourself, move change.json in the folder of the journal away, and push the rulesets again with their chains in "adopt"`;
  throw new Error(message, { cause });
}

function restartedFailure({ window, ruleset }: PendingChange): JobFailure {
  const label = `ruleset ${labelOf(ruleset)}`;
  if (window?.mode === 'manual') {
    const message = `${label} was applied and taken back: nobody confirmed it before ${window.deadline}`;
    return new JobFailure('confirm', 'confirm_timeout', message);
  }
  const message = `${label} was cut short: the worker was ended in the middle of the job, and what it had done was taken back`;
  return new JobFailure(window === null ? 'apply' : 'confirm', 'worker_restarted', message);
}

function goneFailure({ window, ruleset }: PendingChange): JobFailure {
  const message = `ruleset ${labelOf(ruleset)} was cut short by the end of its network namespace, such as by a restart of the host: its rules are gone with that`;
  return new JobFailure(window === null ? 'apply' : 'confirm', 'worker_restarted', message);
}

function waitsFor({ job, window }: OpenChange): LockTimeout {
  return new LockTimeout(
    `job ${job.id} waits until ${window.deadline} to be confirmed or aborted, and nothing else may change meanwhile`,
  );
}
