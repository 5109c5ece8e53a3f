import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { JobAction } from '../../contract/event.ts';
import type { ListJournal, PendingList } from '../../job/ports/lists.ts';
import { StateUnavailable } from '../../job/ports/stores.ts';
import { makePrivateFolder, parseJson, readIfThere, syncFolder, writeDurably } from './files.ts';
import { StoredOrigin } from './journal.ts';
import { StoredList } from './list-record.ts';
import { orUnavailable } from './state-error.ts';
import { assertNotNewer, STATE_VERSION } from './state-version.ts';

const StoredChange = z.object({
  version: z.literal(STATE_VERSION),
  jobs: z.array(
    z.object({
      job: z.object({
        id: z.string(),
        action: JobAction,
        issuedAt: z.string(),
        rolloutId: z.string().optional(),
      }),
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
  window: z
    .object({
      mode: z.enum(['probe', 'manual']),
      resumable: z.boolean(),
      deadline: z.string(),
      deadlineMs: z.number(),
    })
    .nullable(),
});

/** The change of a list that is under way, `journal/list.json` in the state folder. */
export class FileListJournal implements ListJournal {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'journal');
  }

  async read(): Promise<PendingList | null> {
    return await orUnavailable(this.#folder, async () => {
      const text = await readIfThere(this.#path);
      if (text === null) return null;
      const values = parseJson(text);
      assertNotNewer(this.#path, values);
      const stored = StoredChange.safeParse(values);
      if (!stored.success) {
        throw new StateUnavailable(
          `a change of a list was cut short, and ${this.#path}, which says whose it was, is damaged: move it away, and what is on record is put back`,
        );
      }
      const { version: _, ...change } = stored.data;
      return change;
    });
  }

  async write(change: PendingList): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      await makePrivateFolder(this.#folder);
      const stored = { version: STATE_VERSION, ...change } satisfies z.infer<typeof StoredChange>;
      await writeDurably(this.#path, JSON.stringify(stored));
    });
  }

  async close(): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      await rm(this.#path, { force: true });
      await syncFolder(this.#folder).catch(() => {});
    });
  }

  get #path(): string {
    return join(this.#folder, 'list.json');
  }
}
