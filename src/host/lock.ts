import { type FileHandle, open, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import type * as z from 'zod';
import { type Fence, type HostLock, LockLost, LockTimeout } from '../job/ports/host-lock.ts';
import type { Log } from '../job/ports/log.ts';
import { StateUnavailable } from '../job/ports/stores.ts';
import { Holder, startOf } from './lock-holder.ts';
import type { AskedLock, ProgramStarters } from './starter/program-starters.ts';
import { makePrivateFolder } from './state/files.ts';

export interface LockOptions {
  runDir: string;
  /** The inode of the network namespace; each has a lock of its own. */
  inode: number;
  hostId: string;
  /** The list that is locked, in place of the rules. */
  list?: string;
  timeoutSeconds: number;
  starters: ProgramStarters;
  log: Log;
}

/** proper-lockfile's mark counts as left behind by a dead process after this long without an update. */
const STALE_MS = 10_000;
const UPDATE_MS = 1_000;

/**
 * The right to touch the rules of one network namespace, for one job at a time, across processes.
 *
 * Goals:
 * 1. Two holders never overlap, and neither does a program that a dead holder left running.
 * 2. A holder that dies leaves nothing to clean up, and nobody has to wait for a time-out.
 * 3. Whoever has waited in vain is told who has the lock.
 * 4. A lock that was taken away all the same is noticed before the next change.
 *
 * The kernel reaches 1 and 2: `flock` belongs to the open file, which every save and restore inherits, and ends when the last of
 * them has closed it. For 3, the holder writes who it is into the file. proper-lockfile reaches 4 by a mark beside the file: it
 * notices a lock file that was deleted and made anew, where the kernel sees two separate locks.
 */
export class NamespaceLock implements HostLock {
  readonly #options: LockOptions;
  readonly path: string;
  #holders = 0;
  #started: string | null = null;

  constructor(options: LockOptions) {
    this.#options = options;
    const { runDir, inode, list } = options;
    this.path = join(runDir, `netns-${inode}${list === undefined ? '' : `.list-${list}`}.lock`);
  }

  get isBusy(): boolean {
    return this.#holders > 0;
  }

  async hold<T>(purpose: string, work: (fence: Fence) => Promise<T>): Promise<T> {
    this.#holders += 1;
    try {
      const lock = await this.#take(this.#options.timeoutSeconds);
      try {
        return await this.#holdMark(lock.file, purpose, work);
      } finally {
        await this.#leave(async () => await lock.leave());
      }
    } finally {
      this.#holders -= 1;
    }
  }

  get #what(): string {
    const { list } = this.#options;
    return list === undefined ? 'the rules' : `list ${list}`;
  }

  /** Checks that the lock could be had now, without waiting for it or keeping it. @throws {LockTimeout} that says who has it */
  async assertFree(): Promise<void> {
    if (this.isBusy) return;
    try {
      const lock = await this.#take(0);
      await lock.leave();
    } catch (error) {
      // This process may have taken it meanwhile.
      if (!(error instanceof LockTimeout && this.isBusy)) throw error;
    }
  }

  async #take(timeoutSeconds: number): Promise<AskedLock> {
    const { starters, list } = this.#options;
    const deadline = performance.now() + timeoutSeconds * 1000;
    for (;;) {
      const left = Math.max(0, deadline - performance.now()) / 1000;
      const lock = await starters.lock(this.path, left, async () => await this.#open());
      try {
        if (!lock.isHeld) {
          const holder = await readHolder(lock.file);
          throw new LockTimeout(
            `${this.#what} ${list === undefined ? 'were' : 'was'} locked for more than ${timeoutSeconds} s${holder}`,
          );
        }
        if (await this.#isCurrent(lock.file)) return lock;
      } catch (error) {
        await lock.close();
        throw error;
      }
      await lock.close();
    }
  }

  /** @throws {StateUnavailable} */
  async #open(): Promise<FileHandle> {
    const { runDir } = this.#options;
    try {
      await makePrivateFolder(runDir);
      return await open(this.path, 'a+', 0o600);
    } catch (error) {
      throw new StateUnavailable(`the lock in ${runDir} cannot be used: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** Whether the file that is locked is still the one that others would open. */
  async #isCurrent(file: FileHandle): Promise<boolean> {
    const [ours, current] = await Promise.all([file.stat(), stat(this.path).catch(() => null)]);
    return ours.ino === current?.ino;
  }

  async #holdMark<T>(file: FileHandle, purpose: string, work: (fence: Fence) => Promise<T>): Promise<T> {
    const { hostId, log } = this.#options;
    await file.truncate();
    const { pid } = process;
    this.#started ??= await startOf(pid);
    const started = this.#started;
    const holder = { pid, started, hostId, purpose, since: new Date().toISOString() };
    await file.write(JSON.stringify(holder satisfies z.infer<typeof Holder>));
    let lost: Error | null = null;
    await removeMark(`${this.path}.lock`);
    const release = await lockfile.lock(this.path, {
      realpath: false,
      stale: STALE_MS,
      update: UPDATE_MS,
      onCompromised: (error) => {
        lost = error;
        log.error({ purpose, error }, `The lock of ${this.#what} was taken away`);
      },
    });
    try {
      return await work({
        descriptor: file.fd,
        assertHeld: () => {
          if (lost !== null) throw new LockLost(`the lock of ${this.#what} was taken away: ${lost.message}`);
        },
      });
    } finally {
      if (lost === null) await this.#leave(release);
      await this.#leave(async () => await file.truncate());
    }
  }

  /** What the work has reached stands. The next holder takes away what is left of this one. */
  async #leave(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#options.log.error({ error }, 'Something is left of a lock that is over');
    }
  }
}

/** Nobody else has the kernel's lock, so a mark that is still there was left by a dead holder. */
async function removeMark(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    // Somebody else's file, or a folder with something in it.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await rm(path, { recursive: true, force: true });
  }
}

async function readHolder(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(1024), 0, 1024, 0);
  try {
    const { pid, hostId, purpose, since } = Holder.parse(JSON.parse(buffer.toString('utf8', 0, bytesRead)));
    return ` by process ${pid} (host ${hostId}, ${purpose}, since ${since})`;
  } catch {
    return '';
  }
}
