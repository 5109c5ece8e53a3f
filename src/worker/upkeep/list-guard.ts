import type { WorkerSettings } from '../../config/worker-settings.ts';
import type { FleetEvent } from '../../contract/event.ts';
import { ListJudge, type ListLook } from '../../job/lists/judge-lists.ts';
import { settleLists, tellSettledLists } from '../../job/lists/settle-lists.ts';
import { LockLost, LockTimeout } from '../../job/ports/host-lock.ts';
import { withLists } from '../../job/ports/list-session.ts';
import type { Ports } from '../../job/ports/ports.ts';
import { Stopwatch } from '../../job/time/stopwatch.ts';

/** How often all entries are compared, and not only counted. */
const WHOLE_MS = 3_600_000;
const CLOCK_MS = 5_000;
/** A clock that is kept right by a few milliseconds a second is not set. */
const LEAST_STEP_MS = 2_000;

/** Looks after the lists between jobs: drift, timeouts after a step of the clock, and addresses that the host has got. */
export class ListGuard {
  readonly #ports: Ports;
  readonly #judge: ListJudge;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | null = null;
  #clock: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #wholeAt = Number.NEGATIVE_INFINITY;
  #offsetMs = offset();
  /** The clock was set, and timeouts are not set anew yet. */
  #mustRenew = false;
  #isRunning = false;

  constructor(ports: Ports, { drift, driftIntervalSeconds }: WorkerSettings) {
    this.#ports = ports;
    this.#intervalMs = driftIntervalSeconds * 1000;
    this.#judge = new ListJudge(ports, drift, (event) => this.#publish(event));
  }

  /** Whether what is live of a list is what was committed; `null`: nobody has looked yet. */
  inSync(list: string): boolean | null {
    return this.#judge.inSync(list);
  }

  /** Looks once, before any job: what is not live at all is put back, and timeouts are set anew. */
  async lookAtStart(): Promise<void> {
    await this.#look({ isWhole: true, putsBack: true, renews: true });
  }

  /** Looks by itself from now on. */
  start(): void {
    if (this.#ports.sets.missing !== null) return;
    this.#isRunning = true;
    this.#lookLater();
    this.#clock = setInterval(() => {
      this.#watchClock();
      void this.#settleLeft();
    }, CLOCK_MS).unref();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    clearTimeout(this.#timer ?? undefined);
    clearInterval(this.#clock ?? undefined);
    await this.#looking;
  }

  #lookLater(): void {
    clearTimeout(this.#timer ?? undefined);
    if (!this.#isRunning) return;
    this.#timer = setTimeout(() => this.#lookNext(), this.#intervalMs);
  }

  #lookNext(): void {
    const isWhole = performance.now() - this.#wholeAt >= WHOLE_MS;
    this.#looking = this.#looking
      .then(async () => await this.#look({ isWhole, putsBack: false, renews: this.#mustRenew }))
      .then(() => this.#lookLater());
  }

  /** The kernel counts as this process does, and not as the calendar. */
  #watchClock(): void {
    const now = offset();
    if (Math.abs(now - this.#offsetMs) < LEAST_STEP_MS) return;
    this.#ports.log.info({ byMs: now - this.#offsetMs }, 'The clock was set: the ends of entries are, too');
    this.#offsetMs = now;
    this.#mustRenew = true;
    this.#lookNext();
  }

  /** An owed undo is tried again soon, and so is what another process has left. */
  async #settleLeft(): Promise<void> {
    const { listJournal, listLock } = this.#ports;
    const left = await listJournal.read().catch(() => null);
    if (left !== null && !listLock.isBusy) this.#lookNext();
  }

  async #look(asked: ListLook): Promise<void> {
    const { listLock, sets, log } = this.#ports;
    // A job sees for itself what is live. But a step of the clock must not be missed.
    if (sets.missing !== null || (listLock.isBusy && !asked.renews)) return;
    try {
      await withLists(this.#ports, 'look at the lists', new Stopwatch(), async (session) => {
        tellSettledLists(await settleLists(session), this.#ports);
        const isDone = await this.#judge.look(asked, session);
        if (isDone && asked.renews) this.#mustRenew = false;
      });
      if (asked.isWhole) this.#wholeAt = performance.now();
    } catch (error) {
      if (error instanceof LockTimeout || error instanceof LockLost)
        log.debug({ error }, 'Did not look at the lists');
      else log.error({ error }, 'Cannot look at the lists');
    }
  }

  /** Does not wait for the broker: the outbox sends the event once it can. */
  #publish(event: FleetEvent): void {
    const { events, log } = this.#ports;
    events.publish(event).catch((error: unknown) => {
      log.debug({ type: event.type, error }, 'A drift event is published later');
    });
  }
}

function offset(): number {
  return Date.now() - performance.now();
}
