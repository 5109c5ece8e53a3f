import type { BrokerModel } from '../../broker/connection/connection.ts';
import type { Lacks } from '../../broker/connection/lacks.ts';
import { type HostQueue, hasExchange } from '../../broker/connection/topology.ts';
import type { HostQueues } from './host-queues.ts';

const MINUTE_MS = 60 * 1000;
/** As it is called in the log and on /readyz. */
const SHARED = 'what the fleet shares';

/** The connection that there is now, if any, and whether the host's queues are this worker's. */
export interface Connected {
  model: BrokerModel | null;
  isHost: boolean;
}

/**
 * Makes sure from time to time that the host's queues are bound and the fleet's queues are there: the broker does not tell if somebody
 * takes them away.
 */
export class Assurance {
  readonly #queues: HostQueues;
  readonly #lacks: Lacks;
  readonly #connected: () => Connected;
  #timer: NodeJS.Timeout | null = null;
  #wasMissing = false;

  constructor(queues: HostQueues, lacks: Lacks, connected: () => Connected) {
    this.#queues = queues;
    this.#lacks = lacks;
    this.#connected = connected;
  }

  /** At once: the fleet's queues may never have been made. */
  atStart(): void {
    this.#later(0);
  }

  /** Spread over minutes: all hosts of the fleet may have come back at the same time. */
  afterReconnect(): void {
    this.#later(spread(MINUTE_MS, 5 * MINUTE_MS));
  }

  /**
   * Looks whether the exchanges are there to which the host's queues are bound: with an exchange, all its bindings are gone. It is made
   * and bound again when the second look finds it gone, so that by then all hosts of the fleet have seen that: to those that come after
   * the first, it would look as if it had always been there.
   */
  async look(): Promise<void> {
    const { model, isHost } = this.#connected();
    if (model === null || !isHost) return;
    let isMissing = false;
    for (const queue of [this.#queues.jobs, this.#queues.control]) {
      const isThere = await hasExchange(model, queue.exchange).catch(() => true);
      if (isThere) continue;
      isMissing = true;
      this.#lacks.begin(bindingsOf(queue), `the exchange ${queue.exchange} was deleted`);
    }
    if (this.#wasMissing) this.#later(0);
    this.#wasMissing = isMissing;
  }

  stop(): void {
    clearTimeout(this.#timer ?? undefined);
  }

  #later(afterMs: number): void {
    this.stop();
    this.#timer = setTimeout(() => {
      void this.#assure().then(() => this.#later(spread(7.5 * MINUTE_MS, 12.5 * MINUTE_MS)));
    }, afterMs).unref();
  }

  /** Each by itself: what one of them lacks does not keep the others from being there. */
  async #assure(): Promise<void> {
    const { model, isHost } = this.#connected();
    if (model === null) return;
    const queues = this.#queues;
    await this.#attempt(model, SHARED, async () => await queues.ensureFleet(model));
    if (!isHost) return;
    for (const queue of [queues.jobs, queues.control]) {
      await this.#attempt(model, bindingsOf(queue), async () => await queues.ensure(model, queue));
    }
  }

  async #attempt(model: BrokerModel, what: string, ensure: () => Promise<void>): Promise<void> {
    try {
      await ensure();
      this.#lacks.end(what);
    } catch (error) {
      if (this.#connected().model === model) this.#lacks.begin(what, error);
    }
  }
}

function bindingsOf({ queue }: HostQueue): string {
  return `bindings of ${queue}`;
}

/** At random between two times, so that the hosts of a fleet do not all do it at once. */
function spread(leastMs: number, mostMs: number): number {
  return leastMs + Math.random() * (mostMs - leastMs);
}
