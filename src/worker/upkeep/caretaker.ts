import type { WaitingJobs } from '../../job/intake/waiting-jobs.ts';
import type { Caretaker, Ports } from '../../job/ports/ports.ts';
import { RecentIds } from '../../job/ports/recent-ids.ts';
import { HostSession } from '../../job/ports/session.ts';
import { settlePending } from '../../job/settle/settle-pending.ts';
import { tellSettled } from '../../job/settle/tell-settled.ts';
import { BackOff } from '../../job/time/back-off.ts';
import { Stopwatch } from '../../job/time/stopwatch.ts';

/** How often to look without being woken: another process on the host may leave something to be done, and wakes nobody. */
const LOOK_MS = 10_000;

type Turns = Pick<WaitingJobs, 'between'>;

/**
 * Between jobs, tries an owed undo again and again until it succeeds. Publishes the undos that have succeeded, whichever process
 * did them. While there are jobs, it does nothing: each job itself tries the undo that is owed.
 */
export class WorkerCaretaker implements Caretaker {
  readonly #pause = new BackOff();
  /** Ids of the events that the outbox already has: it sees to it that they arrive. */
  readonly #handedOver = new RecentIds();
  #ports: Ports | null = null;
  #isAsked = false;
  #isStopped = false;
  #rouse: () => void = () => {};
  #isFailing = false;
  #going: Promise<void> = Promise.resolve();

  /** Begins to work. Before that, `wake` only notes that there is something to be done. */
  start(ports: Ports, turns: Turns): void {
    this.#ports = ports;
    this.#going = this.#go(ports, turns);
  }

  wake(): void {
    this.#isAsked = true;
    if (!this.#isFailing) this.#rouse();
    // The pause after a failure goes on, but what has just been undone is published at once.
    else if (this.#ports !== null) void this.#tellUndone(this.#ports);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#rouse();
    await this.#going;
  }

  async #go(ports: Ports, turns: Turns): Promise<void> {
    while (!this.#isStopped) {
      this.#isFailing = !(await this.#look(ports, turns));
      if (!this.#isFailing) this.#pause.reset();
      await this.#rest(this.#isFailing ? this.#pause.next() : LOOK_MS);
    }
  }

  /** @returns whether nothing is left to be done */
  async #look(ports: Ports, turns: Turns): Promise<boolean> {
    const { journal, log } = ports;
    await this.#tellUndone(ports);
    try {
      const change = await journal.peek();
      if (change === null) this.#isAsked = false;
      // A change that is not owed is left to the process that makes it, unless this was woken for it.
      if (change === null || (change.owed === null && !this.#isAsked)) return true;
      const settled = await turns.between(
        async () =>
          await HostSession.begin(ports, `undo of job ${change.job.id}`, new Stopwatch(), settlePending),
      );
      if (settled == null) return settled === null;
      tellSettled(settled, ports);
      await this.#tellUndone(ports);
      return settled.owed === null;
    } catch (error) {
      log.warn({ error }, 'Cannot settle a change yet: it is tried again');
      return !this.#isAsked;
    }
  }

  async #tellUndone({ undone, events, log }: Pick<Ports, 'undone' | 'events' | 'log'>): Promise<void> {
    try {
      for (const { event, headers } of await undone.list()) {
        if (!this.#handedOver.add(event.id)) continue;
        log.warn({ eventId: event.id, type: event.type }, 'What was done late is told');
        events.publish(event, headers).catch((error: unknown) => {
          log.debug({ eventId: event.id, error }, 'What was done late is published later');
        });
      }
    } catch (error) {
      log.error({ error }, 'Cannot see what was taken back');
    }
  }

  async #rest(ms: number): Promise<void> {
    if (this.#isStopped || (this.#isAsked && !this.#isFailing)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
