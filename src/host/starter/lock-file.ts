import type { FileHandle } from 'node:fs/promises';
import type { CommandRequest, CommandResult, RunCommand } from '../command.ts';
import { flock } from '../flock.ts';
import { ProgramStarter } from './program-starter.ts';

export interface LockFileParts {
  file: FileHandle;
  /** The interpreter of the small process. */
  perl: string;
  /** Starts a program from this process. */
  direct: RunCommand;
  /** Called if no small process can be had. */
  noteNone: (error: unknown) => void;
}

/**
 * An open file that the kernel's lock is taken of, here and by a small process that starts programs. The lock is that of the open file, and not of
 * a process (flock(2)): it lasts until it is let go of, or until all who have this file open are gone.
 */
export class LockFile {
  readonly #parts: LockFileParts;
  readonly #starter: ProgramStarter | null;

  constructor(parts: LockFileParts) {
    const { file, perl, noteNone } = parts;
    this.#parts = parts;
    this.#starter = null;
    try {
      this.#starter = new ProgramStarter(perl, file.fd);
    } catch (error) {
      noteNone(error);
    }
  }

  get file(): FileHandle {
    return this.#parts.file;
  }

  /** Whether the small process starts programs, as far as is known here. */
  get isUp(): boolean {
    return this.#starter?.isUp === true;
  }

  /**
   * @returns whether it was got in time
   * @throws {StateUnavailable} if it cannot be asked for
   */
  async take(seconds: number): Promise<boolean> {
    const { file, perl, direct, noteNone } = this.#parts;
    const answer = await this.#starter?.take(seconds);
    if (answer === 'unknown') noteNone(new Error(`${perl} has ended, or is not there`));
    else if (answer !== undefined) return answer === 'had';
    return await flock(file, seconds, direct);
  }

  async run(request: CommandRequest): Promise<CommandResult> {
    const starter = this.#starter;
    return await (starter?.isUp === true ? starter.run(request) : this.#parts.direct(request));
  }

  /** Lets go of the lock. @returns whether it can be taken again */
  async leave(): Promise<boolean> {
    if ((await this.#starter?.leave()) === true) return true;
    await this.close();
    return false;
  }

  /** Lets go of the lock for good, as far as it is held here: programs that run have it for as long as they do. */
  async close(): Promise<void> {
    await this.#starter?.close();
    await this.file.close();
  }

  /** @param isWanted whether this process goes on because of the small one */
  keepAlive(isWanted: boolean): void {
    this.#starter?.keepAlive(isWanted);
  }
}
