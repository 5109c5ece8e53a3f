import { join } from 'node:path';
import * as z from 'zod';
import { FleetEvent } from '../../contract/events/event.ts';
import type { KeptEvent, OutboxStore } from '../../job/ports/stores.ts';
import { jsonFilesIn, parseJson, readIfThere, removeIfThere, writeDurably } from './files.ts';
import { orUnavailable } from './state-error.ts';

const StoredEvent = z.object({
  sequence: z.int(),
  event: FleetEvent,
  headers: z.record(z.string(), z.unknown()),
});

const DIGITS = 15;

/** Events that the broker has not confirmed, `outbox/SEQUENCE.json` in the state folder. */
export class FileOutboxStore implements OutboxStore {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'outbox');
  }

  async list(): Promise<KeptEvent[]> {
    return await orUnavailable(this.#folder, async () => {
      const names = await jsonFilesIn(this.#folder);
      const kept: KeptEvent[] = [];
      for (const name of names) {
        // What is damaged, or no file at all, cannot be published; it stays for people to look at, and holds up nothing else.
        const text = await readIfThere(join(this.#folder, name)).catch(() => null);
        const stored = StoredEvent.safeParse(parseJson(text ?? ''));
        if (stored.success) kept.push(stored.data);
      }
      return kept;
    });
  }

  async put({ sequence, event, headers }: KeptEvent): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      const stored = { sequence, event, headers } satisfies z.infer<typeof StoredEvent>;
      await writeDurably(this.#path(sequence), JSON.stringify(stored));
    });
  }

  async remove({ sequence }: KeptEvent): Promise<void> {
    await orUnavailable(this.#folder, async () => await removeIfThere(this.#path(sequence)));
  }

  #path(sequence: number): string {
    return join(this.#folder, `${String(sequence).padStart(DIGITS, '0')}.json`);
  }
}
