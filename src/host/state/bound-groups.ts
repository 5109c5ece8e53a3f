import { join } from 'node:path';
import * as z from 'zod';
import { readIfThere, writeDurably } from './files.ts';

const BoundGroups = z.object({ groups: z.array(z.string()) });

/**
 * The groups that the host's queues may be bound for, `bound-groups.json` in the state folder. The broker does not tell them, and
 * the queues must be unbound from a group that the host has left. A damaged file counts as no groups.
 */
export class BoundGroupsFile {
  readonly #path: string;

  constructor(stateDir: string) {
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
    await writeDurably(this.#path, JSON.stringify({ groups }));
  }
}
