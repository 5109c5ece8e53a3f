import type { FleetEvent, Writer } from '../../contract/events/event.ts';
import { DriftJudge, type DriftMode } from '../../job/drift/judge-drift.ts';
import { type Fence, type HostLock, LockLost, LockTimeout } from '../../job/ports/host-lock.ts';
import type { Ports } from '../../job/ports/ports.ts';
import { HostSession } from '../../job/ports/session.ts';
import { Stopwatch } from '../../job/time/stopwatch.ts';

export interface GuardOptions {
  mode: DriftMode;
  intervalSeconds: number;
}

/** How long a look waits after a write, so that a burst of writes causes one look only. */
const SETTLE_MS = 200;
/** The least time from one look to the next, for rules that are written without pause. */
const LEAST_GAP_MS = 1_000;
/** The monitor costs as much as the writes that it follows: it stops for the worker's own, and starts this long after them. */
const RESUME_MS = 500;

/** Looks for drift at the start, when somebody else has written to the rules, and from time to time. */
export class DriftGuard {
  readonly #ports: Ports;
  readonly #options: GuardOptions;
  readonly #judge: DriftJudge;
  #timer: NodeJS.Timeout | null = null;
  #resuming: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #lastLook = Number.NEGATIVE_INFINITY;
  #isRunning = false;

  constructor(ports: Ports, options: GuardOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#judge = new DriftJudge(ports, options.mode, (event) => this.#publish(event));
  }

  /** Whether what is live of a ruleset is what was committed; `null`: nobody has looked yet. */
  inSync(ruleset: string): boolean | null {
    return this.#judge.inSync(ruleset);
  }

  /** Looks once; a ruleset of which nothing is live is put back. */
  async lookAtStart(): Promise<void> {
    await this.#look(null, true);
  }

  /** Looks by itself from now on. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#lookLater(null);
    this.#follow();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    clearTimeout(this.#timer ?? undefined);
    this.#rest();
    await this.#looking;
  }

  /** The same lock, for the jobs of this process: the monitor does not follow what they write. */
  around(lock: HostLock): HostLock {
    const rest = () => this.#rest();
    const follow = () => {
      clearTimeout(this.#resuming ?? undefined);
      this.#resuming = setTimeout(() => this.#catchUp(), RESUME_MS).unref();
    };
    return {
      get isBusy() {
        return lock.isBusy;
      },
      async hold<T>(purpose: string, work: (fence: Fence) => Promise<T>): Promise<T> {
        rest();
        try {
          return await lock.hold(purpose, work);
        } finally {
          follow();
        }
      },
    };
  }

  #follow(): void {
    if (this.#isRunning) this.#ports.monitor.start((by) => this.#lookLater(by, SETTLE_MS));
  }

  /** Starts the monitor again, and looks once for what was written while it was off. */
  #catchUp(): void {
    this.#follow();
    this.#lookLater(null, SETTLE_MS);
  }

  #rest(): void {
    clearTimeout(this.#resuming ?? undefined);
    this.#ports.monitor.stop();
  }

  #lookLater(by: Writer | null, afterMs = this.#options.intervalSeconds * 1000): void {
    clearTimeout(this.#timer ?? undefined);
    if (!this.#isRunning) return;
    const gap = this.#lastLook + LEAST_GAP_MS - performance.now();
    this.#timer = setTimeout(
      () => {
        this.#looking = this.#looking.then(() => this.#look(by, false)).then(() => this.#lookLater(null));
      },
      Math.max(afterMs, gap),
    );
  }

  async #look(by: Writer | null, putsBack: boolean): Promise<void> {
    const { lock, log } = this.#ports;
    // A job of this process has the lock or waits for it, and sees for itself what is live.
    if (lock.isBusy) return;
    this.#lastLook = performance.now();
    try {
      const look = async (session: HostSession) => await this.#judge.look(by, putsBack, session);
      await HostSession.begin(this.#ports, 'look for drift', new Stopwatch(), look);
    } catch (error) {
      if (error instanceof LockTimeout || error instanceof LockLost)
        log.debug({ error }, 'Did not look for drift');
      else log.error({ error }, 'Cannot look for drift');
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
