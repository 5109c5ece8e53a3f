import { join } from 'node:path';
import { z } from 'zod';
import { makePrivateFolder, readIfThere, writeDurably } from './files.ts';

const BoundGroups = z.object({ groups: z.array(z.string()) });

/**
 * The groups that the host's queues may be bound for: the broker does not tell, and a group that was left must be
 * unbound. A file that cannot be read counts as none.
 */
export class BoundGroupsFile {
  readonly #folder: string;
  readonly #path: string;

  constructor(stateDir: string) {
    this.#folder = stateDir;
    this.#path = join(stateDir, 'bound-groups.json');
  }

  async read(): Promise<string[]> {
    const text = (await readIfThere(this.#path)) ?? '{}';
    try {
      return BoundGroups.parse(JSON.parse(text)).groups;
    } catch {
      return [];
    }
  }

  async write(groups: readonly string[]): Promise<void> {
    await makePrivateFolder(this.#folder);
    await writeDurably(this.#path, JSON.stringify({ groups }));
  }
}
