import { join } from 'node:path';
import * as z from 'zod';
import { FleetEvent } from '../../contract/events/event.ts';
import type { KeptUndone, LateEvent, UndoneStore } from '../../job/ports/stores.ts';
import { jsonFilesIn, parseJson, readIfThere, removeIfThere, writeDurably } from './files.ts';
import { orUnavailable } from './state-error.ts';

const StoredUndone = z.object({ event: FleetEvent, headers: z.record(z.string(), z.string()) });

/**
 * Changes that were taken back after their jobs had ended, `undone/JOB.json` in the state folder, and rulesets that have ended,
 * `undone/EVENT.json`. Whichever process did it, the worker publishes it.
 */
export class FileUndoneStore implements UndoneStore {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'undone');
  }

  async list(): Promise<KeptUndone[]> {
    return await orUnavailable(this.#folder, async () => {
      const files = await jsonFilesIn(this.#folder);
      return (await Promise.all(files.map((name) => readUndone(join(this.#folder, name))))).flat();
    });
  }

  async put(undone: KeptUndone): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      await writeDurably(
        this.#path(undone.event),
        JSON.stringify(undone satisfies z.infer<typeof StoredUndone>),
      );
    });
  }

  async remove(event: LateEvent): Promise<void> {
    await orUnavailable(this.#folder, async () => await removeIfThere(this.#path(event)));
  }

  #path(event: LateEvent): string {
    const id = event.type === 'fleetwall.job.undone' ? event.subject : event.id;
    return join(this.#folder, `${id.toLowerCase()}.json`);
  }
}

/** Reads one file, into a list of one. A damaged file cannot be published; it stays for people to look at. */
async function readUndone(path: string): Promise<KeptUndone[]> {
  const stored = StoredUndone.safeParse(parseJson((await readIfThere(path)) ?? ''));
  if (!stored.success) return [];
  const { event, headers } = stored.data;
  return isLateEvent(event) ? [{ event, headers }] : [];
}

/** Whether such an event is kept here. */
export function isLateEvent(event: FleetEvent): event is LateEvent {
  return event.type === 'fleetwall.job.undone' || event.type === 'fleetwall.ruleset.ended';
}
