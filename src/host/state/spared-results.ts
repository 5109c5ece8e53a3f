import type { JobCompletedEvent } from '../../contract/events/event.ts';
import type { ResultStore } from '../../job/ports/stores.ts';
import type { FileResultStore } from './result-store.ts';

type Kept = Omit<ResultStore, 'putAside'>;

/** So many results wait for the state folder: each may have 64 KiB. */
const MOST_SPARED = 1_000;

/**
 * The results of jobs, also while the state folder takes none. Those are spared in another folder meanwhile, which outlives the worker
 * but not the machine, and are put where they belong with the next result that is kept.
 */
export class SparedResults implements ResultStore {
  readonly #kept: Kept;
  readonly #spare: FileResultStore;
  /** By the id of the job in lower case, the oldest first. */
  #spared: Promise<Map<string, JobCompletedEvent>> | null = null;
  /** Ids of those that this process has spared: another one may put its own in their place at the same time. */
  readonly #own = new Set<string>();
  #isPutting = false;

  constructor(kept: Kept, spare: FileResultStore) {
    this.#kept = kept;
    this.#spare = spare;
  }

  async find(jobId: string): Promise<JobCompletedEvent | null> {
    const spared = await this.#read();
    return spared.get(jobId.toLowerCase()) ?? (await this.#kept.find(jobId));
  }

  async put(jobId: string, event: JobCompletedEvent): Promise<void> {
    await this.#kept.put(jobId, event);
    if (this.#own.size > 0) await this.#putInPlace(this.#own);
  }

  async putAside(jobId: string, event: JobCompletedEvent): Promise<void> {
    const spared = await this.#read();
    const id = jobId.toLowerCase();
    spared.set(id, event);
    this.#own.add(id);
    for (const oldest of [...spared.keys()].slice(0, -MOST_SPARED)) await this.#forget(oldest, spared);
    await this.#spare.put(id, event);
  }

  async prune(): Promise<void> {
    await this.#kept.prune();
    await this.#putInPlace([...(await this.#read()).keys()]);
  }

  /** What cannot be put in its place stays where it is. */
  async #putInPlace(ids: Iterable<string>): Promise<void> {
    const spared = await this.#read();
    // Two jobs may end at the same time, and no file is written twice at a time.
    if (this.#isPutting) return;
    this.#isPutting = true;
    try {
      for (const id of ids) {
        const event = spared.get(id);
        if (event !== undefined) await this.#kept.put(id, event);
        await this.#forget(id, spared);
      }
    } catch {
      // With the next one that is kept.
    } finally {
      this.#isPutting = false;
    }
  }

  async #forget(id: string, spared: Map<string, JobCompletedEvent>): Promise<void> {
    spared.delete(id);
    this.#own.delete(id);
    await this.#spare.forget(id).catch(() => {});
  }

  /** A job whose spared result cannot be read is one of which nothing is known. */
  async #read(): Promise<Map<string, JobCompletedEvent>> {
    this.#spared ??= this.#spare.all().catch(() => new Map());
    return await this.#spared;
  }
}
