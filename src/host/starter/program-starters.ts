import type { FileHandle } from 'node:fs/promises';
import type { Log } from '../../job/ports/log.ts';
import type { RunCommand } from '../command.ts';
import { flock } from '../flock.ts';
import { ProgramStarter } from './program-starter.ts';

/** A lock that was taken. */
export interface TakenLock {
  /** Lets go of what is held for this process beside its own open file. */
  letGo(): Promise<void>;
}

const NOTHING_MORE: TakenLock = { letGo: async () => {} };

/**
 * Takes locks, each with a small process that starts programs for as long as the lock is held. Where no such process can be had, programs
 * are started by this one.
 */
export class ProgramStarters {
  readonly #direct: RunCommand;
  readonly #log: Log;
  /** By the descriptor of the lock that it holds. */
  readonly #open = new Map<number, ProgramStarter>();
  #isTold = false;

  readonly #perl: string;

  /**
   * @param direct starts a program from this process
   * @param perl the interpreter of the small one
   */
  constructor(direct: RunCommand, log: Log, perl = '/usr/bin/perl') {
    this.#direct = direct;
    this.#log = log;
    this.#perl = perl;
  }

  readonly run: RunCommand = async (request) => {
    const { descriptor } = request;
    const starter = descriptor === undefined ? this.#anyUp() : this.#open.get(descriptor);
    return await (starter?.isUp === true ? starter.run(request) : this.#direct(request));
  };

  /**
   * Takes the kernel's lock of an open file.
   *
   * @returns `null` if it is not to be had in time
   * @throws {StateUnavailable} if it cannot be asked for
   */
  async lock(file: FileHandle, seconds: number): Promise<TakenLock | null> {
    const descriptor = file.fd;
    try {
      const starter = await ProgramStarter.open(this.#perl, descriptor, seconds);
      if (starter === null) return null;
      this.#open.set(descriptor, starter);
      return {
        letGo: async () => {
          this.#open.delete(descriptor);
          await starter.close();
        },
      };
    } catch (error) {
      if (!this.#isTold) this.#log.warn({ error }, 'Programs are started one by one, which takes longer');
      this.#isTold = true;
      return (await flock(file, seconds, this.#direct)) ? NOTHING_MORE : null;
    }
  }

  #anyUp(): ProgramStarter | undefined {
    return [...this.#open.values()].find(({ isUp }) => isUp);
  }
}
