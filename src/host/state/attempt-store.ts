import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { AttemptStore } from '../../job/ports/stores.ts';
import { readIfThere, removeIfThere, writeDurably } from './files.ts';
import { orUnavailable } from './state-error.ts';

/** How often a message was begun and not ended, `attempts/SHA256` of its body in the state folder. */
export class FileAttemptStore implements AttemptStore {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'attempts');
  }

  async count(body: Uint8Array): Promise<number> {
    return await orUnavailable(
      this.#folder,
      async () => Number((await readIfThere(this.#path(body))) ?? 0) || 0,
    );
  }

  async put(body: Uint8Array, count: number): Promise<void> {
    await orUnavailable(this.#folder, async () => {
      await writeDurably(this.#path(body), String(count));
    });
  }

  async forget(body: Uint8Array): Promise<void> {
    await orUnavailable(this.#folder, async () => await removeIfThere(this.#path(body)));
  }

  #path(body: Uint8Array): string {
    return join(this.#folder, createHash('sha256').update(body).digest('hex'));
  }
}
