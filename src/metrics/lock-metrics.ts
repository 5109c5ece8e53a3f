import { Counter, Histogram, type Registry } from 'prom-client';
import { type Fence, type HostLock, LockTimeout } from '../job/ports/host-lock.ts';
import { DURATION_BUCKETS } from './job-metrics.ts';

/** How long the worker waits for the host's lock, and how often in vain. */
export class LockMetrics {
  readonly #waits;
  readonly #timeouts;

  constructor(registry: Registry) {
    this.#waits = new Histogram({
      name: 'fleetwall_lock_wait_seconds',
      help: "How long was waited for the host's lock",
      buckets: DURATION_BUCKETS,
      registers: [registry],
    });
    this.#timeouts = new Counter({
      name: 'fleetwall_lock_timeouts_total',
      help: "How often the host's lock was not to be had in time",
      registers: [registry],
    });
  }

  around(lock: HostLock): HostLock {
    const waits = this.#waits;
    const timeouts = this.#timeouts;
    return {
      get isBusy() {
        return lock.isBusy;
      },
      async hold<T>(purpose: string, work: (fence: Fence) => Promise<T>): Promise<T> {
        const had = waits.startTimer();
        try {
          return await lock.hold(purpose, async (fence) => {
            had();
            return await work(fence);
          });
        } catch (error) {
          if (error instanceof LockTimeout) timeouts.inc();
          throw error;
        }
      },
    };
  }
}
