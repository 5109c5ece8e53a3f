import type { FileHandle } from 'node:fs/promises';
import type { Log } from '../../job/ports/log.ts';
import type { RunCommand } from '../command.ts';
import { LockFile } from './lock-file.ts';

/** A lock that was asked for. */
export interface AskedLock {
  file: FileHandle;
  /** Whether it was to be had in time. */
  isHeld: boolean;
  /** Lets go of it. */
  leave(): Promise<void>;
  /** Lets go of it, and of the open file. */
  close(): Promise<void>;
}

/** How long an open lock file and its small process are kept after the lock was let go of: the next job needs them again. */
const KEPT_MS = 30_000;

/** So many at a time, each of some 5 MiB: each list has a lock of its own. */
const MOST_KEPT = 4;

interface Kept {
  lock: LockFile;
  timer: NodeJS.Timeout;
}

/**
 * Takes locks, each with a small process that starts programs for as long as the lock is held. Where no such process can be had, programs
 * are started by this one.
 */
export class ProgramStarters {
  readonly #direct: RunCommand;
  readonly #log: Log;
  readonly #perl: string;
  readonly #keptMs: number;
  readonly #held = new Set<LockFile>();
  /** By the path of the lock. */
  readonly #kept = new Map<string, Kept>();
  #isTold = false;

  /**
   * @param direct starts a program from this process
   * @param perl the interpreter of the small one
   */
  constructor(direct: RunCommand, log: Log, { perl = '/usr/bin/perl', keptMs = KEPT_MS } = {}) {
    this.#direct = direct;
    this.#log = log;
    this.#perl = perl;
    this.#keptMs = keptMs;
  }

  readonly run: RunCommand = async (request) => {
    const { descriptor } = request;
    const lock = [...this.#held].find(({ file, isUp }) =>
      descriptor === undefined ? isUp : file.fd === descriptor,
    );
    return await (lock?.run(request) ?? this.#direct(request));
  };

  /**
   * Takes the kernel's lock of a file.
   *
   * @param open opens the file of that path
   * @throws {StateUnavailable} if the file cannot be opened, or the lock not be asked for
   */
  async lock(path: string, seconds: number, open: () => Promise<FileHandle>): Promise<AskedLock> {
    const lock = (await this.#takeKept(path)) ?? this.#openLock(await open());
    const close = async () => {
      this.#held.delete(lock);
      await lock.close();
    };
    try {
      const isHeld = await lock.take(seconds);
      if (isHeld) this.#held.add(lock);
      return { file: lock.file, isHeld, leave: async () => await this.#leave(path, lock), close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  async #leave(path: string, lock: LockFile): Promise<void> {
    this.#held.delete(lock);
    if (!(await lock.leave())) return;
    if (this.#kept.has(path)) return await lock.close();
    const timer = setTimeout(() => {
      this.#kept.delete(path);
      lock.close().catch((error: unknown) => this.#log.debug({ error }, 'Cannot close the file of a lock'));
    }, this.#keptMs).unref();
    lock.keepAlive(false);
    this.#kept.set(path, { lock, timer });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) await (await this.#takeKept(oldest))?.close();
  }

  async #takeKept(path: string): Promise<LockFile | null> {
    const kept = this.#kept.get(path);
    if (kept === undefined) return null;
    clearTimeout(kept.timer);
    this.#kept.delete(path);
    kept.lock.keepAlive(true);
    if (kept.lock.isUp) return kept.lock;
    await kept.lock.close();
    return null;
  }

  #openLock(file: FileHandle): LockFile {
    const noteNone = (error: unknown) => {
      if (!this.#isTold) this.#log.warn({ error }, 'Programs are started one by one, which takes longer');
      this.#isTold = true;
    };
    return new LockFile({ file, perl: this.#perl, direct: this.#direct, noteNone });
  }
}
