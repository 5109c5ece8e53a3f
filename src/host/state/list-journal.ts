import { join } from 'node:path';
import * as z from 'zod';
import type { ListJournal, PendingList } from '../../job/ports/lists.ts';
import { StateUnavailable } from '../../job/ports/stores.ts';
import { namesIn, writeDurably } from './files.ts';
import { StoredList } from './list-record.ts';
import { orUnavailable } from './state-error.ts';
import { STATE_VERSION } from './state-version.ts';
import {
  readStoredChange,
  removeStoredChange,
  StoredJob,
  StoredOrigin,
  StoredWindow,
} from './stored-change.ts';

const StoredChange = z.object({
  version: z.literal(STATE_VERSION),
  jobs: z.array(
    z.object({
      job: StoredJob,
      origin: StoredOrigin,
      revision: z.int(),
      end: z.object({
        outcome: z.enum(['applied', 'unchanged']),
        changed: z.boolean(),
        counts: z.object({ added: z.int(), removed: z.int(), entries: z.int() }),
        skipped: z.array(z.string()),
        digest: z.string(),
      }),
    }),
  ),
  place: z.string(),
  after: StoredList,
  window: StoredWindow.nullable(),
  /** Workers before did not write it, nor cut anything after a restart. */
  cut: z.union([z.literal('all'), z.array(z.string()).readonly()]).default([]),
  /** Workers before did not write it: they made lists for rulesets without a journal. */
  madeFor: z.string().nullable().default(null),
});

/** A worker before had one for all lists. It is read, and never written. */
const FOR_ALL = 'list.json';
const OF_LIST = /^list-([a-z0-9-]+)\.json$/;

/** The changes of lists that are under way, `journal/list-NAME.json` in the state folder. */
export class FileListJournal implements ListJournal {
  readonly #folder: string;
  /** Whether there may be one of a worker before. */
  #isOlder = true;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'journal');
  }

  async names(): Promise<string[]> {
    return await orUnavailable(this.#folder, async () => {
      const files = await namesIn(this.#folder);
      const names = files.flatMap((file) => OF_LIST.exec(file)?.[1] ?? []);
      const older = await this.#readOlder();
      return [...new Set(older === null ? names : [...names, older.after.name])].toSorted();
    });
  }

  async read(name: string): Promise<PendingList | null> {
    const change = await this.#read(this.#path(name));
    if (change !== null) return change;
    const older = await this.#readOlder();
    return older?.after.name === name ? older : null;
  }

  async write(change: PendingList): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      const stored = { version: STATE_VERSION, ...change } satisfies z.infer<typeof StoredChange>;
      await writeDurably(this.#path(change.after.name), JSON.stringify(stored));
    });
  }

  async close(name: string): Promise<void> {
    await removeStoredChange(this.#path(name));
    if ((await this.#readOlder())?.after.name === name) await removeStoredChange(join(this.#folder, FOR_ALL));
  }

  async #readOlder(): Promise<PendingList | null> {
    if (!this.#isOlder) return null;
    const change = await this.#read(join(this.#folder, FOR_ALL));
    this.#isOlder = change !== null;
    return change;
  }

  async #read(path: string): Promise<PendingList | null> {
    const stored = await readStoredChange(
      path,
      StoredChange,
      () =>
        new StateUnavailable(
          `a change of a list was cut short, and ${path}, which says whose it was, is damaged: move it away, and what is on record is put back`,
        ),
    );
    if (stored === null) return null;
    const { version: _, ...change } = stored;
    return change;
  }

  #path(name: string): string {
    return join(this.#folder, `list-${name}.json`);
  }
}
