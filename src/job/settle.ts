import type { JobCompletedEvent } from '../contract/event.ts';
import { commitRecord, placeBootFiles } from './commit.ts';
import { confirmChange } from './confirm.ts';
import { WindowLeft } from './confirmation.ts';
import { JobFailure } from './failure.ts';
import { asJobFailure, ended, failed, type JobEnd } from './job-end.ts';
import { completedEvent } from './job-events.ts';
import { monotonicMs } from './monotonic.ts';
import { JournalDamaged, type OpenChange, type PendingChange } from './pending.ts';
import { type Fence, LockTimeout, type Ports } from './ports.ts';
import { rulesetState } from './ruleset-state.ts';
import { type LiveTables, readSnapshot } from './snapshot.ts';
import type { RulesetRecord } from './state.ts';
import { Stopwatch } from './stopwatch.ts';
import { takeBack } from './take-back.ts';

/**
 * Ends a change that another process, or this one, had to leave in the middle: the host has then what was wanted and
 * confirmed, or what it had before. Whoever holds the lock does this first.
 *
 * @returns the job's last event, which is remembered, and has still to be published; `null` if there was nothing to do
 * @throws {StateUnavailable} {@link LockLost}
 * @throws {LockTimeout} if the change waits for an answer that this process cannot hear
 * @throws {WindowLeft} if it waited for the answer, and is to stop
 */
export async function settlePending(
  ports: Ports,
  fence: Fence,
  why: JobFailure | null = null,
): Promise<JobCompletedEvent | null> {
  const change = await readJournal(ports);
  if (change === null) return null;
  const { job, origin } = change;
  const watch = new Stopwatch(Math.max(0, Date.now() - Date.parse(origin.deliveredAt)));
  const known = await ports.results.find(job.id);
  ports.log.warn({ jobId: job.id, ruleset: change.ruleset.name }, 'A change was cut short, and is settled');
  const end = await settleChange(change, ports, fence, why);
  const ruleset = await rulesetState(change.ruleset, change.ruleset.digest, ports);
  const event = known ?? completedEvent(job, { ...end, ruleset }, origin, watch, ports);
  if (known === null) {
    await ports.results.put(job.id, event);
    ports.meter.ended(event);
  }
  await closePending(ports);
  const { outcome, failure } = event.data;
  ports.log.warn({ jobId: job.id, outcome, code: failure?.code, reason: failure?.message }, 'Settled');
  return event;
}

/** The change has ended, either way, and its end is known. */
export async function closePending({ journal, watchdog }: Ports): Promise<void> {
  await watchdog.disarm();
  await journal.close();
}

/** A journal that cannot be understood says nothing of the host: that is told, and there is nothing else to be done. */
async function readJournal({ journal, log }: Ports): Promise<PendingChange | null> {
  try {
    return await journal.read();
  } catch (error) {
    if (!(error instanceof JournalDamaged)) throw error;
    log.error({ error }, 'The journal is damaged, and put aside');
    await journal.putAside();
    return null;
  }
}

async function settleChange(
  change: PendingChange,
  ports: Ports,
  fence: Fence,
  why: JobFailure | null,
): Promise<JobEnd> {
  const records = await ports.rulesets.list();
  const record = records.find(({ name }) => name === change.ruleset.name);
  const { outcome, diff } = change;
  const kept = ended(outcome, { changed: true, diff });
  if (record?.committedBy === change.job.id) {
    await placeBootFiles(record, ports);
    return kept;
  }
  if (change.place !== ports.place) return failed(goneFailure(change));
  let failure = why ?? restartedFailure(change);
  if (mayGoOn(change)) {
    if (!ports.confirmation.answers.resumable) throw waitsFor(change);
    try {
      await confirmChange(change, ports);
      await commitRecord(change.window.after, ports);
      return kept;
    } catch (error) {
      if (error instanceof WindowLeft) throw error;
      failure = asJobFailure(error);
    }
  }
  const { name, scope, revision } = change.ruleset;
  const neighbours = records.filter((other) => other.name !== name);
  const subject = { name, scope, claims: change.claims, neighbours };
  const label = `${name} revision ${revision}`;
  const before = async () => await snapshotOf(record, ports);
  return await takeBack({ subject, label, touched: change.tables, before, failure }, ports, fence);
}

/** Whether it waits for an answer that may still come. */
function mayGoOn(change: PendingChange): change is OpenChange {
  const { window } = change;
  return window !== null && window.mode === 'manual' && window.resumable && monotonicMs() < window.deadlineMs;
}

/** What is lost of the snapshot is had from what was committed last. */
async function snapshotOf(record: RulesetRecord | undefined, ports: Ports): Promise<LiveTables> {
  try {
    return readSnapshot(await ports.journal.readSnapshot());
  } catch (error) {
    if (!(error instanceof JournalDamaged)) throw error;
    ports.log.error(
      { error },
      'The snapshot of a change is damaged: the host gets back what was committed last',
    );
    const committed = record?.live == null ? { ipv4: '', ipv6: '' } : await ports.boot.read(record);
    if (committed === null)
      throw new Error(`${error.message}, and so is what was committed`, { cause: error });
    return readSnapshot(committed);
  }
}

function restartedFailure({ window, ruleset }: PendingChange): JobFailure {
  const label = `ruleset ${ruleset.name} revision ${ruleset.revision}`;
  if (window?.mode === 'manual') {
    const message = `${label} was applied and taken back: nobody confirmed it before ${window.deadline}`;
    return new JobFailure('confirm', 'confirm_timeout', message);
  }
  const message = `${label} was cut short: the worker was ended in the middle of the job, and what it had done was taken back`;
  return new JobFailure(window === null ? 'apply' : 'confirm', 'worker_restarted', message);
}

function goneFailure({ window, ruleset }: PendingChange): JobFailure {
  const message = `ruleset ${ruleset.name} revision ${ruleset.revision} was cut short by the end of its network namespace, such as by a restart of the host: its rules are gone with that`;
  return new JobFailure(window === null ? 'apply' : 'confirm', 'worker_restarted', message);
}

function waitsFor({ job, window }: OpenChange): LockTimeout {
  return new LockTimeout(
    `job ${job.id} waits until ${window.deadline} to be confirmed or aborted, and nothing else may change meanwhile`,
  );
}
