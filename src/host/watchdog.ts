import { execa } from 'execa';
import type { PendingChange } from '../job/ports/pending.ts';
import type { Watchdog } from '../job/ports/ports.ts';
import { messageOf } from '../job/ports/shortage.ts';
import { startProgram } from './start-program.ts';

export interface WatchdogOptions {
  /** The command that settles a change; the job's id is added as its last argument. */
  command: readonly string[];
  environment: Record<string, string>;
}

const SHELL = '/bin/sh';
/** Waits in a shell, which costs next to nothing, and only then becomes the program that settles the change. */
const WAIT = 'sleep "$1"; shift; exec "$@"';

/**
 * A process with a session of its own, which settles a change that is still open when its time is over. While the worker lives,
 * it cannot do anything, as the worker has the lock.
 */
export class DetachedWatchdog implements Watchdog {
  readonly #options: WatchdogOptions;
  #group: number | null = null;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  async arm({ job }: Pick<PendingChange, 'job'>, afterSeconds: number): Promise<void> {
    await this.disarm();
    const { command, environment } = this.#options;
    const args = ['-c', WAIT, 'fleetwall-watchdog', String(afterSeconds), ...command, job.id];
    const child = startProgram(SHELL, () =>
      execa(SHELL, args, {
        env: environment,
        extendEnv: false,
        detached: true,
        cleanup: false,
        reject: false,
        stdio: 'ignore',
        cwd: '/',
      }),
    );
    if (child.pid === undefined) {
      const { shortMessage, cause } = await child;
      const reason = cause instanceof Error ? messageOf(cause) : shortMessage;
      throw new Error(`the watchdog cannot be started: ${reason}`, { cause });
    }
    const group = child.pid;
    this.#group = group;
    child.unref();
    // Another process may soon have its id, and must not be killed.
    child.once('exit', () => {
      if (this.#group === group) this.#group = null;
    });
  }

  async disarm(): Promise<void> {
    if (this.#group === null) return;
    try {
      process.kill(-this.#group, 'SIGKILL');
    } catch (error) {
      // It has ended by itself.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    this.#group = null;
  }
}
