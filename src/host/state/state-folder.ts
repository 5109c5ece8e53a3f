import type { Stats } from 'node:fs';
import { constants, type FileHandle, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { SetupError } from '../../config/setup-error.ts';
import { StateUnavailable } from '../../job/ports/stores.ts';
import type { RunCommand } from '../command.ts';
import { flock } from '../flock.ts';
import { makePrivateFolder, parseJson, readIfThere, writeAside, writeDurably } from './files.ts';
import { orUnavailable } from './state-error.ts';

/** Whose rules a state folder tells of. */
export interface StateOwner {
  hostId: string;
  /** The name of the managed network namespace; `null`: the worker's own. */
  netns: string | null;
}

const Owner = z.object({ hostId: z.string(), netns: z.string().nullable() });
const LOCK_SECONDS = 1;

/**
 * The state folder of one worker: two workers with one folder would settle each other's changes, and end each other's jobs. Whose it
 * is stands in `owner.json`. The kernel's lock of `worker.lock` says that its worker runs, and ends with it, however it ends.
 */
export class StateFolder {
  readonly #path: string;
  readonly #owner: StateOwner;
  readonly #run: RunCommand;
  #claiming: Promise<void> | null = null;
  #lock: FileHandle | null = null;
  /** Which file the lock is of. */
  #claimed = '';

  constructor(path: string, owner: StateOwner, run: RunCommand) {
    this.#path = path;
    this.#owner = owner;
    this.#run = run;
  }

  /**
   * Makes the folder this worker's, until {@link release}. Once it is, this does nothing.
   *
   * @throws {SetupError} if it is another worker's
   * @throws {StateUnavailable} if it cannot be used now
   */
  async claim(): Promise<void> {
    if (this.#lock !== null) return;
    this.#claiming ??= this.#claim().finally(() => (this.#claiming = null));
    await this.#claiming;
  }

  /**
   * As {@link claim}, for later, and before anything is read or written there.
   *
   * @throws {StateUnavailable} if it is not this worker's, or not the one that it claimed any more: an empty one knows of no job that has ended,
   * and of no chain that is a ruleset's
   */
  async assertClaimed(): Promise<void> {
    await this.claim().catch((error: unknown) => {
      throw error instanceof SetupError ? new StateUnavailable(error.message) : error;
    });
    await this.#assertStillClaimed();
  }

  /** @throws {StateUnavailable} as {@link assertClaimed}, or if it cannot be written */
  async assertUsable(): Promise<void> {
    await this.assertClaimed();
    await orUnavailable(this.#path, async () => {
      await rm(await writeAside(join(this.#path, 'ready'), 'a worker looks whether it can write here'));
    });
  }

  async release(): Promise<void> {
    await this.#claiming?.catch(() => {});
    await this.#lock?.close();
    this.#lock = null;
  }

  async #assertStillClaimed(): Promise<void> {
    const there = await this.#fileThere();
    if (there !== null && there === this.#claimed) return;
    throw new StateUnavailable(
      `${this.#path} is not the folder that this worker has begun with: put that back, or restart the worker`,
    );
  }

  /** @returns which file the lock is of now; `null`: there is none */
  async #fileThere(): Promise<string | null> {
    return await orUnavailable(this.#path, async () => {
      const there = await stat(join(this.#path, 'worker.lock')).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      return there === null ? null : nameOfFile(there);
    });
  }

  async #claim(): Promise<void> {
    const file = await orUnavailable(this.#path, async () => {
      await makePrivateFolder(this.#path);
      return await openLock(join(this.#path, 'worker.lock'));
    });
    try {
      if (!(await flock(file, LOCK_SECONDS, this.#run))) {
        const owner = await readOwner(this.#path);
        throw new SetupError(
          `${this.#path} is in use by ${owner === null ? 'another worker' : `the worker of ${nameOf(owner)}`}: give this one a folder of its own (FLEETWALL_STATE_DIR)`,
        );
      }
      await this.#sign();
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#claimed = nameOfFile(await file.stat());
    this.#lock = file;
  }

  async #sign(): Promise<void> {
    const owner = await readOwner(this.#path);
    assertSame(this.#path, owner, this.#owner);
    if (owner !== null) return;
    const text = JSON.stringify(this.#owner satisfies z.infer<typeof Owner>);
    await orUnavailable(this.#path, async () => await writeDurably(join(this.#path, 'owner.json'), text));
  }
}

function nameOfFile({ ino, dev }: Stats): string {
  return `${dev} ${ino}`;
}

/** Opened to read, which is enough for a lock: one that is open to be written would keep the disk from being mounted read-only. */
async function openLock(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_CREAT, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EROFS') throw error;
    return await open(path, 'r').catch(() => {
      throw error;
    });
  }
}

/**
 * For a command beside the worker: that the folder tells of the rules of this network namespace. Whether the command knows the host's
 * id does not matter.
 *
 * @throws {SetupError}
 */
export async function assertStateOfNamespace(path: string, netns: string | null): Promise<void> {
  const owner = await readOwner(path).catch(() => null);
  if (owner !== null) assertSame(path, owner, { hostId: owner.hostId, netns });
}

/** @throws {SetupError} if the owner is another one than we are */
function assertSame(path: string, owner: StateOwner | null, we: StateOwner): void {
  if (owner === null || (owner.hostId === we.hostId && owner.netns === we.netns)) return;
  throw new SetupError(
    `${path} holds the state of ${nameOf(owner)}, and not of ${nameOf(we)}: choose another folder (FLEETWALL_STATE_DIR); if it is the same host under a new name, remove ${join(path, 'owner.json')}`,
  );
}

/** @returns `null` if nobody has claimed it yet, or what is there says nothing. @throws {StateUnavailable} */
async function readOwner(path: string): Promise<StateOwner | null> {
  const text = await orUnavailable(path, async () => await readIfThere(join(path, 'owner.json')));
  const read = Owner.safeParse(text === null ? null : parseJson(text));
  return read.data ?? null;
}

function nameOf({ hostId, netns }: StateOwner): string {
  return `host ${hostId}${netns === null ? '' : ` in the network namespace ${netns}`}`;
}
