import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerSettings } from '../../config/worker-settings.ts';
import { isSameId } from '../../contract/words/identifiers.ts';
import { FileJournal } from '../../host/state/journal.ts';
import { FileListJournal } from '../../host/state/list-journal.ts';
import { type Continued, stepAgainst } from '../../host/stopped-holder.ts';
import { settleList } from '../../job/lists/settle-lists.ts';
import { NO_ANSWERS } from '../../job/ports/confirmation.ts';
import { LockTimeout } from '../../job/ports/host-lock.ts';
import { withList } from '../../job/ports/list-session.ts';
import type { ListJournal, PendingList } from '../../job/ports/lists.ts';
import type { Log } from '../../job/ports/log.ts';
import { JournalDamaged, type PendingChange } from '../../job/ports/pending.ts';
import { HostSession } from '../../job/ports/session.ts';
import { settlePending } from '../../job/settle/settle-pending.ts';
import { BackOff } from '../../job/time/back-off.ts';
import { monotonicMs } from '../../job/time/monotonic.ts';
import { Stopwatch } from '../../job/time/stopwatch.ts';
import { type PreparedPorts, preparePorts } from '../open/prepare.ts';

const LOOK_MS = 500;

/**
 * What the watchdog does when the time of a change is over: it tries to settle the change, for as long as that is open, whenever
 * no other process has the lock. It publishes nothing: the next worker tells how the change ended.
 */
export async function settleLater(jobId: string, settings: WorkerSettings, log: Log): Promise<void> {
  const journal = new FileJournal(settings.stateDir);
  const listJournal = new FileListJournal(settings.stateDir);
  const pause = new BackOff();
  let settler: Settler | null = null;
  let listSettler: Settler | null = null;
  for (;;) {
    try {
      const change = await journal.peek();
      if (change?.job.id !== jobId) {
        const ofList = await changeOfList(jobId, listJournal);
        if (ofList === null) return;
        const { name } = ofList.after;
        listSettler ??= await newSettler(settings, log, ({ listHolders }) => listHolders.of(name));
        if (await listSettler.isTooEarly({ ...ofList, owed: null })) await sleep(LOOK_MS);
        else await listSettler.settleList(name, jobId);
        continue;
      }
      settler ??= await newSettler(settings, log, ({ holder }) => holder);
      if (await settler.isTooEarly(change)) await sleep(LOOK_MS);
      else if (await settler.settle(jobId)) return;
      else await sleep(pause.next());
    } catch (error) {
      // A damaged journal does not say whose change it is. The next process that has the lock puts it aside.
      if (error instanceof JournalDamaged) throw error;
      // A live process has the lock: it is asked for again soon, so that no time is lost once that process has ended.
      if (!(error instanceof LockTimeout))
        log.error({ jobId, error }, 'Cannot settle a change yet: it is tried again');
      await sleep(error instanceof LockTimeout ? LOOK_MS : pause.next());
    }
  }
}

async function newSettler(
  settings: WorkerSettings,
  log: Log,
  holderOf: (ports: PreparedPorts) => PreparedPorts['holder'],
): Promise<Settler> {
  const ports = await watchdogPorts(settings, log);
  return new Settler(ports, holderOf(ports), monotonicMs());
}

/** The change of a list that a job has begun; `null`: it is over, or there never was one. */
async function changeOfList(jobId: string, journal: ListJournal): Promise<PendingList | null> {
  for (const name of await journal.names()) {
    const change = await journal.read(name);
    if (change?.jobs.some(({ job }) => isSameId(job.id, jobId)) === true) return change;
  }
  return null;
}

/** Without a broker, and without another watchdog: nobody would go on after this process. */
async function watchdogPorts(settings: WorkerSettings, log: Log): Promise<PreparedPorts> {
  const ports = await preparePorts(settings, {
    probes: [],
    events: { publish: async () => {}, confirmed: async () => {} },
    answers: NO_ANSWERS,
    hasBroker: false,
    log,
  });
  const none = { arm: async () => {}, disarm: async () => {} };
  return { ...ports, watchdog: none, listWatchdogs: { of: () => none } };
}

/** What is looked at of a change of rules or of a list. */
type Late = Pick<PendingChange, 'place' | 'owed'> & Pick<PendingList, 'window'>;

class Settler {
  readonly #ports: PreparedPorts;
  readonly #holder: PreparedPorts['holder'];
  readonly #wokenMs: number;
  #continued: { process: Continued['process']; atMs: number } | null = null;

  constructor(ports: PreparedPorts, holder: PreparedPorts['holder'], wokenMs: number) {
    this.#ports = ports;
    this.#holder = holder;
    this.#wokenMs = wokenMs;
  }

  /**
   * Whether it is too early to settle a change. Until its deadline, a worker that is started again may still hear the answer.
   * And a stopped process that has the lock is first told to continue; only if it stays stopped, it is killed.
   */
  async isTooEarly({ window, place, owed }: Late): Promise<boolean> {
    const { log } = this.#ports;
    const holder = this.#holder;
    const isOpen = owed === null && place === this.#ports.place;
    const lateMs = monotonicMs() - (isOpen ? (window?.deadlineMs ?? this.#wokenMs) : this.#wokenMs);
    if (isOpen && window?.resumable === true && window.mode === 'manual' && lateMs < 0) return true;
    const stopped = await holder.findStopped();
    const before = this.#continued;
    const continued =
      before === null ? null : { process: before.process, agoMs: monotonicMs() - before.atMs };
    const step = stepAgainst(stopped, continued, lateMs);
    if (stopped !== null && step !== 'none') {
      log.warn(
        { pid: stopped.pid, signal: step },
        'A stopped process has the lock of a change that has had its time',
      );
      holder.signal(stopped, step);
      if (step === 'SIGCONT') this.#continued = { process: stopped, atMs: monotonicMs() };
    }
    return stopped !== null && step !== 'SIGKILL';
  }

  /** A worker that was started again may go on waiting until the deadline; then this process waits for the lock in vain. */
  async settleList(name: string, jobId: string): Promise<void> {
    const asking = { purpose: `end of job ${jobId}`, watch: new Stopwatch() };
    await withList(name, this.#ports, asking, settleList);
  }

  /** @returns whether there is nothing left to be done */
  async settle(jobId: string): Promise<boolean> {
    return await HostSession.begin(this.#ports, `end of job ${jobId}`, new Stopwatch(), async (session) => {
      const change = await session.ports.journal.read();
      if (change?.job.id !== jobId) return true;
      return (await settlePending(session))?.owed == null;
    });
  }
}
