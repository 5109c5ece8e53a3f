import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Cancellation, CancelStore } from '../../job/ports/stores.ts';
import { CancelPool } from './cancel-pool.ts';
import { makeFolderWithin, namesIn } from './files.ts';
import { orUnavailable } from './state-error.ts';

/** As many as results: result-store.ts. */
const KEPT = 10_000;
const OF_KEY = /^[0-9a-f]{64}$/;

/**
 * Jobs that were cancelled before they came: what was signed in `cancelled/SHA256/JOB.json` of the state folder, once for each key that
 * has signed it, and what was not in `cancelled/JOB.json`. Each key has as many as ids are remembered: whoever may cancel anything may
 * cancel ids that nobody has heard of, and would else make the host forget what others have taken back.
 */
export class FileCancelStore implements CancelStore {
  readonly #folder: string;
  readonly #kept: number;
  /** By the name of the folder; `null`: they were not looked for yet. */
  #pools: Promise<Map<string, CancelPool>> | null = null;

  /** @param kept how many jobs each key has here */
  constructor(stateDir: string, kept = KEPT) {
    this.#kept = kept;
    this.#folder = join(stateDir, 'cancelled');
  }

  async find(jobId: string): Promise<Cancellation | null> {
    return await orUnavailable(this.#folder, async () => {
      const by: string[][] = [];
      for (const pool of (await this.#known()).values()) {
        for (const kids of await pool.askedBy(jobId))
          if (!by.some((other) => isDeepStrictEqual(other, kids))) by.push(kids);
      }
      return by.length === 0 ? null : { jobId, by };
    });
  }

  async add(jobId: string, kids: readonly string[]): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      const own = kids.toSorted();
      const names =
        own.length === 0 ? [''] : own.map((kid) => createHash('sha256').update(kid).digest('hex'));
      const pools = await this.#known();
      await makeFolderWithin(this.#folder);
      for (const name of new Set(names)) {
        const pool = pools.get(name) ?? new CancelPool(join(this.#folder, name), this.#kept);
        pools.set(name, pool);
        await pool.add(jobId, own);
      }
    });
  }

  async #known(): Promise<Map<string, CancelPool>> {
    this.#pools ??= namesIn(this.#folder).then((names) => {
      const folders = ['', ...names.filter((name) => OF_KEY.test(name))];
      return new Map(folders.map((name) => [name, new CancelPool(join(this.#folder, name), this.#kept)]));
    });
    // What cannot be read now may be read later.
    this.#pools.catch(() => (this.#pools = null));
    return await this.#pools;
  }
}
