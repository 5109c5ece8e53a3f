import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetEvent, type JobCompletedEvent } from '../../contract/events/event.ts';
import type { ResultStore } from '../../job/ports/stores.ts';
import { jsonFilesByAge, readIfThere, removeIfThere, writeDurably } from './files.ts';
import type { FileHostClock } from './host-clock.ts';
import { orUnavailable } from './state-error.ts';

/** Old results are removed after each time that this many new ones were written. */
const PRUNE_EVERY = 1_000;
const KEPT_RESULTS = 10_000;

/** The last event of each job that ended here, `results/JOB.json` in the state folder. */
export class FileResultStore implements ResultStore {
  readonly #folder: string;
  readonly #clock: FileHostClock;
  #puts = 0;

  constructor(stateDir: string, clock: FileHostClock) {
    this.#folder = join(stateDir, 'results');
    this.#clock = clock;
  }

  async find(jobId: string): Promise<JobCompletedEvent | null> {
    return await orUnavailable(this.#folder, async () => {
      const text = await readIfThere(this.#path(jobId));
      if (text === null) return null;
      const event = FleetEvent.parse(JSON.parse(text));
      if (event.type !== 'fleetwall.job.completed')
        throw new Error(`${this.#path(jobId)} holds another kind of event`);
      return event;
    });
  }

  async put(jobId: string, event: JobCompletedEvent): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      const path = this.#path(jobId);
      await writeDurably(path, JSON.stringify(event));
      const now = this.#clock.now();
      // Else it would be the oldest, and forgotten first.
      if (this.#clock.isBehind) await utimes(path, now, now);
      // The result is kept, whether or not the time is.
      await this.#clock.keep().catch(() => {});
      this.#puts += 1;
      if (this.#puts % PRUNE_EVERY === 0) await this.prune();
    });
  }

  /** Forgets all but the 10,000 newest: by their number alone, as a clock that is set forward makes everything look old. */
  async prune(): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      const surplus = (await jsonFilesByAge(this.#folder)).slice(KEPT_RESULTS);
      await Promise.all(surplus.map(async (name) => await removeIfThere(join(this.#folder, name))));
    });
  }

  /** An id is a UUID, in which upper and lower case are the same. */
  #path(jobId: string): string {
    return join(this.#folder, `${jobId.toLowerCase()}.json`);
  }
}
