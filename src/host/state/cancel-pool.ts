import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { jsonFilesByAge, jsonFilesIn, parseJson, readIfThere, removeIfThere, writeDurably } from './files.ts';

const StoredCancellation = z.object({ jobId: z.string(), by: z.array(z.array(z.string())) });
/** Of more signers together, those are forgotten who asked first. */
const MOST_ASKED = 16;

/** A folder of cancelled jobs, `JOB.json` each, of which the newest are kept. Each method: @throws {Error} of the disk */
export class CancelPool {
  readonly #folder: string;
  readonly #kept: number;
  /** The names of the files; `null`: they were not read yet. */
  #names: Promise<Set<string>> | null = null;

  /** @param kept how many; old ones are taken away once there is a tenth more */
  constructor(folder: string, kept: number) {
    this.#folder = folder;
    this.#kept = kept;
  }

  /** For each who has asked for it: the ids of the keys that have signed that, sorted. */
  async askedBy(jobId: string): Promise<string[][]> {
    const name = nameOf(jobId);
    if (!(await this.#known()).has(name)) return [];
    const text = await readIfThere(join(this.#folder, name));
    return StoredCancellation.safeParse(parseJson(text ?? '')).data?.by ?? [];
  }

  /** @param kids sorted */
  async add(jobId: string, kids: readonly string[]): Promise<void> {
    const before = await this.askedBy(jobId);
    if (before.some((others) => isDeepStrictEqual(others, kids))) return;
    const by = [...before, [...kids]].slice(-MOST_ASKED);
    const names = await this.#known();
    const name = nameOf(jobId);
    const stored = { jobId, by } satisfies z.infer<typeof StoredCancellation>;
    await writeDurably(join(this.#folder, name), JSON.stringify(stored));
    names.add(name);
    if (names.size < 1.1 * this.#kept) return;
    for (const old of (await jsonFilesByAge(this.#folder)).slice(this.#kept)) {
      names.delete(old);
      await removeIfThere(join(this.#folder, old));
    }
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
