import { readdir, readFile, stat } from 'node:fs/promises';
import * as z from 'zod';
import { parseJson, readIfThere } from './state/files.ts';
import type { StoppedProcess } from './stopped-holder.ts';

/** What the process that has the lock writes into the lock file. */
export const Holder = z.object({
  pid: z.number(),
  /** The kernel's start time of the process, to tell it from a later one with the same id. The first workers left it out. */
  started: z.string().nullable().default(null),
  hostId: z.string(),
  purpose: z.string(),
  since: z.string(),
});

/** Fields of /proc/PID/stat, counted from 0 after the name, as that may contain anything: proc_pid_stat(5). */
const STATE = 0;
const START_TIME = 19;

/** Finds and signals the process that has the lock of a network namespace. */
export class LockHolder {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The process that has the lock, if it is stopped: the file must name it, with its start, and it must have that file open. */
  async findStopped(): Promise<StoppedProcess | null> {
    const read = Holder.safeParse(parseJson((await readIfThere(this.#path).catch(() => null)) ?? ''));
    if (!read.success) return null;
    const { pid, started } = read.data;
    const fields = await statOf(pid);
    const isSame = started !== null && fields[START_TIME] === started;
    const isStopped = fields[STATE] === 'T' || fields[STATE] === 't';
    return isSame && isStopped && (await this.#isOpenIn(pid)) ? { pid, started } : null;
  }

  signal({ pid }: StoppedProcess, signal: 'SIGCONT' | 'SIGKILL'): void {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It has ended by itself.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  async #isOpenIn(pid: number): Promise<boolean> {
    const folder = `/proc/${pid}/fd`;
    const lock = await stat(this.#path).catch(() => null);
    const names = await readdir(folder).catch(() => []);
    const files = await Promise.all(
      names.map(async (name) => await stat(`${folder}/${name}`).catch(() => null)),
    );
    return lock !== null && files.some((file) => file?.ino === lock.ino && file.dev === lock.dev);
  }
}

/** When a process was started, as the kernel says it; `null`: there is no such process. */
export async function startOf(pid: number): Promise<string | null> {
  return (await statOf(pid))[START_TIME] ?? null;
}

async function statOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
