import { join } from 'node:path';
import { z } from 'zod';
import type { ListJournal, PendingList } from '../../job/ports/lists.ts';
import { StateUnavailable } from '../../job/ports/stores.ts';
import { makePrivateFolder, writeDurably } from './files.ts';
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
});

/** The change of a list that is under way, `journal/list.json` in the state folder. */
export class FileListJournal implements ListJournal {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'journal');
  }

  async read(): Promise<PendingList | null> {
    const stored = await readStoredChange(
      this.#path,
      StoredChange,
      () =>
        new StateUnavailable(
          `a change of a list was cut short, and ${this.#path}, which says whose it was, is damaged: move it away, and what is on record is put back`,
        ),
    );
    if (stored === null) return null;
    const { version: _, ...change } = stored;
    return change;
  }

  async write(change: PendingList): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      await makePrivateFolder(this.#folder);
      const stored = { version: STATE_VERSION, ...change } satisfies z.infer<typeof StoredChange>;
      await writeDurably(this.#path, JSON.stringify(stored));
    });
  }

  async close(): Promise<void> {
    await removeStoredChange(this.#path);
  }

  get #path(): string {
    return join(this.#folder, 'list.json');
  }
}
