import { join } from 'node:path';
import * as z from 'zod';
import type { Cancellation, CancelStore } from '../../job/ports/stores.ts';
import { jsonFilesByAge, jsonFilesIn, parseJson, readIfThere, removeIfThere, writeDurably } from './files.ts';
import { orUnavailable } from './state-error.ts';

const StoredCancellation = z.object({ jobId: z.string(), by: z.array(z.array(z.string())) });
const KEPT = 10_000;
const SURPLUS = 1_000;
const MOST_ASKED = 16;

/** Jobs that were cancelled before they came, `cancelled/JOB.json` in the state folder: as many as ids are remembered. */
export class FileCancelStore implements CancelStore {
  readonly #folder: string;
  /** The names of the files; `null`: they were not read yet. */
  #names: Promise<Set<string>> | null = null;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'cancelled');
  }

  async find(jobId: string): Promise<Cancellation | null> {
    return await orUnavailable(this.#folder, async () => {
      const name = nameOf(jobId);
      if (!(await this.#known()).has(name)) return null;
      const text = await readIfThere(join(this.#folder, name));
      return StoredCancellation.safeParse(parseJson(text ?? '')).data ?? null;
    });
  }

  async add(jobId: string, kids: readonly string[]): Promise<void> {
    const { by: before = [] } = (await this.find(jobId)) ?? {};
    const own = kids.toSorted();
    if (before.length >= MOST_ASKED || before.some((other) => other.join() === own.join())) return;
    const by = [...before, own].map((others) => [...others]);
    await orUnavailable(this.#folder, async () => {
      const names = await this.#known();
      const name = nameOf(jobId);
      await writeDurably(
        join(this.#folder, name),
        JSON.stringify({ jobId, by } satisfies z.infer<typeof StoredCancellation>),
      );
      names.add(name);
      if (names.size < KEPT + SURPLUS) return;
      for (const old of (await jsonFilesByAge(this.#folder)).slice(KEPT)) {
        names.delete(old);
        await removeIfThere(join(this.#folder, old));
      }
    });
  }

  async #known(): Promise<Set<string>> {
    this.#names ??= jsonFilesIn(this.#folder).then((names) => new Set(names));
    // What cannot be read now may be read later.
    this.#names.catch(() => (this.#names = null));
    return await this.#names;
  }
}

/** An id is a UUID, in which upper and lower case are the same. */
function nameOf(jobId: string): string {
  return `${jobId.toLowerCase()}.json`;
}
