import type { WorkerSettings } from '../../config/worker-settings.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import { ListJudge } from '../../job/lists/judge-lists.ts';
import { settleList, tellSettledLists } from '../../job/lists/settle-lists.ts';
import { LockLost, LockTimeout } from '../../job/ports/host-lock.ts';
import { withList } from '../../job/ports/list-session.ts';
import type { Ports } from '../../job/ports/ports.ts';
import { Stopwatch } from '../../job/time/stopwatch.ts';

/** How often all entries are compared, and not only counted. */
const WHOLE_MS = 3_600_000;
const CLOCK_MS = 5_000;
/** A clock that is kept right by a few milliseconds a second is not set. */
const LEAST_STEP_MS = 2_000;

/** Which lists to look at; without it, all. */
type Only = (name: string) => boolean;

/**
 * Looks after the lists between jobs: drift, timeouts after a step of the clock, and addresses that the host has got. A list that a job
 * has in hand, or that waits to be confirmed, keeps no other from being looked at.
 */
export class ListGuard {
  readonly #ports: Ports;
  readonly #judge: ListJudge;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | null = null;
  #clock: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  readonly #wholeAt = new Map<string, number>();
  #offsetMs = offset();
  /** Of these, timeouts are to be set anew: the clock was set, or the worker has just begun. */
  #unrenewed = new Set<string>();
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
    await this.#renewAll();
    await this.#look(() => true, true);
  }

  /** Looks by itself from now on. */
  start(): void {
    if (this.#ports.sets.missing !== null) return;
    this.#isRunning = true;
    this.#lookLater();
    this.#clock = setInterval(() => {
      this.#watchClock();
      void this.lookAtLeft();
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
    void this.#lookAfter(() => true).then(() => this.#lookLater());
  }

  async #lookAfter(only: Only): Promise<void> {
    this.#looking = this.#looking.then(async () => await this.#look(only, false));
    await this.#looking;
  }

  /** The kernel counts as this process does, and not as the calendar. */
  #watchClock(): void {
    const now = offset();
    if (Math.abs(now - this.#offsetMs) < LEAST_STEP_MS) return;
    this.#ports.log.info({ byMs: now - this.#offsetMs }, 'The clock was set: the ends of entries are, too');
    this.#offsetMs = now;
    void this.#renewAll().then(() => this.#lookNext());
  }

  async #renewAll(): Promise<void> {
    const names = await this.#ports.lists.names().catch(() => []);
    for (const name of names) this.#unrenewed.add(name);
  }

  /** An owed undo is tried again soon, and so is what another process has left, or a job has kept from being looked at. */
  async lookAtLeft(): Promise<void> {
    const { listJournal, listLocks } = this.#ports;
    const left = new Set([...(await listJournal.names().catch(() => [])), ...this.#unrenewed]);
    const isFree = [...left].some((name) => !listLocks.of(name).isBusy);
    if (isFree) await this.#lookAfter((name) => left.has(name));
  }

  async #look(only: Only, putsBack: boolean): Promise<void> {
    const { sets, lists, listJournal, log } = this.#ports;
    if (sets.missing !== null) return;
    try {
      const names = new Set([...(await lists.names()), ...(await listJournal.names())]);
      const never = await this.#judge.neverKey(this.#ports);
      for (const name of [...names].filter(only)) await this.#lookAt(name, putsBack, never);
    } catch (error) {
      log.error({ error }, 'Cannot look at the lists');
    }
  }

  /** One that cannot be looked at keeps no other from that. */
  async #lookAt(name: string, putsBack: boolean, never: string | null): Promise<void> {
    const { log, listLocks } = this.#ports;
    // A job sees for itself what is live.
    if (listLocks.of(name).isBusy) return;
    const renews = this.#unrenewed.has(name);
    const isWhole = performance.now() - (this.#wholeAt.get(name) ?? Number.NEGATIVE_INFINITY) >= WHOLE_MS;
    const asking = { purpose: `look at list ${name}`, watch: new Stopwatch() };
    try {
      await withList(name, this.#ports, asking, async (session) => {
        tellSettledLists(await settleList(session), this.#ports);
        const isRenewed = await this.#judge.look({ isWhole, putsBack, renews }, never, session);
        if (renews && isRenewed) this.#unrenewed.delete(name);
        if (isWhole) this.#wholeAt.set(name, performance.now());
      });
    } catch (error) {
      if (error instanceof LockTimeout || error instanceof LockLost)
        log.debug({ list: name, error }, 'Did not look at a list');
      else log.error({ list: name, error }, 'Cannot look at a list');
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
