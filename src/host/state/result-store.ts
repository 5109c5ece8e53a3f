import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetEvent, type JobCompletedEvent } from '../../contract/events/event.ts';
import { jsonFilesByAge, jsonFilesIn, readIfThere, removeIfThere, writeDurably } from './files.ts';
import type { FileHostClock } from './host-clock.ts';

/** When results were written. */
type Clock = Pick<FileHostClock, 'isBehind' | 'now' | 'keep'>;

import { orUnavailable } from './state-error.ts';

/** Old results are removed after each time that this many new ones were written. */
const PRUNE_EVERY = 1_000;
const KEPT_RESULTS = 10_000;

/** The last event of each job that ended here, `JOB.json` in a folder. */
export class FileResultStore {
  readonly #folder: string;
  readonly #clock: Clock;
  #puts = 0;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  async find(jobId: string): Promise<JobCompletedEvent | null> {
    return await orUnavailable(this.#folder, async () => {
      return await this.#read(this.#path(jobId));
    });
  }

  /** All of them, by the id of the job in lower case. Only for a folder that holds few. */
  async all(): Promise<Map<string, JobCompletedEvent>> {
    return await orUnavailable(this.#folder, async () => {
      const all = new Map<string, JobCompletedEvent>();
      for (const name of await jsonFilesIn(this.#folder)) {
        const event = await this.#read(join(this.#folder, name));
        if (event !== null) all.set(name.replace(/\.json$/, ''), event);
      }
      return all;
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

  async forget(jobId: string): Promise<void> {
    await orUnavailable(this.#folder, async () => await removeIfThere(this.#path(jobId)));
  }

  async #read(path: string): Promise<JobCompletedEvent | null> {
    const text = await readIfThere(path);
    if (text === null) return null;
    const event = FleetEvent.parse(JSON.parse(text));
    if (event.type !== 'fleetwall.job.completed') throw new Error(`${path} holds another kind of event`);
    return event;
  }

  /** An id is a UUID, in which upper and lower case are the same. */
  #path(jobId: string): string {
    return join(this.#folder, `${jobId.toLowerCase()}.json`);
  }
}
