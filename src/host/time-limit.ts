import { setTimeout as sleep } from 'node:timers/promises';

const KILL_AFTER_MS = 2000;
/** What was killed is gone as soon as the kernel has ended its last call. Where nobody looks after orphans, it seems to be there for ever. */
const GONE_MS = 2000;
const LOOK_MS = 2;

/** Ends a program when its time is over, with all programs that it has started: they could still write rules, too. */
export class TimeLimit {
  readonly #group: number | undefined;
  #timer: NodeJS.Timeout;
  isOver = false;

  constructor(group: number | undefined, timeoutMs: number) {
    this.#group = group;
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.#signal('SIGTERM');
      this.#timer = setTimeout(() => this.#signal('SIGKILL'), KILL_AFTER_MS);
    }, timeoutMs);
  }

  /** Ends it now, where its end is not told otherwise. Resolves when it is gone: until then, it could still write. */
  async kill(): Promise<void> {
    this.clear();
    const deadline = performance.now() + GONE_MS;
    while (this.#signal('SIGKILL') && performance.now() < deadline) await sleep(LOOK_MS);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  /** @returns whether there was still something to signal */
  #signal(signal: NodeJS.Signals): boolean {
    if (this.#group === undefined) return false;
    try {
      return process.kill(-this.#group, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      return false;
    }
  }
}
