import { open, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostClock } from '../../job/ports/host-clock.ts';
import type { Log } from '../../job/ports/log.ts';
import { monotonicMs } from '../../job/time/monotonic.ts';

/** A clock that is so little behind was slewed, not set. */
const TOLERANCE_MS = 5_000;
/** A clock that leaps by more is believed only after it has stood so for a while: it may be set back to the right time again. */
const LEAP_MS = 24 * 60 * 60 * 1000;
const PROBATION_MS = 10 * 60 * 1000;

interface Seen {
  timeMs: number;
  /** When that was, on the clock that nobody can set. */
  atMs: number;
}

/**
 * The latest time that this host has seen, as the modification time of `clock` in the state folder. If the system's clock is set
 * back, time goes on from there, so that no job runs which has already expired.
 */
export class FileHostClock implements HostClock {
  readonly #path: string;
  readonly #log: Log;
  #seen: Seen | null = null;
  #leaptAtMs: number | null = null;
  #isBehind = false;

  private constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** A file that cannot be read is as none: the system's clock counts. */
  static async open(stateDir: string, log: Log): Promise<FileHostClock> {
    const clock = new FileHostClock(join(stateDir, 'clock'), log);
    const timeMs = await latestTime(stateDir);
    if (timeMs !== null) clock.#seen = { timeMs, atMs: monotonicMs() };
    clock.now();
    return clock;
  }

  /** Whether the system's clock is behind. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  now(): Date {
    const wallMs = Date.now();
    const atMs = monotonicMs();
    const seen = this.#seen ?? { timeMs: wallMs, atMs };
    const goneOnMs = seen.timeMs + (atMs - seen.atMs);
    if (wallMs < goneOnMs - TOLERANCE_MS) return this.#goOnFrom(goneOnMs, wallMs);
    if (this.#isBehind) this.#log.info({}, 'The clock of this host is right again');
    this.#isBehind = false;
    if (wallMs - goneOnMs > LEAP_MS) this.#leaptAtMs ??= atMs;
    else this.#leaptAtMs = null;
    if (this.#leaptAtMs === null || atMs - this.#leaptAtMs > PROBATION_MS)
      this.#seen = { timeMs: wallMs, atMs };
    else this.#seen = seen;
    return new Date(wallMs);
  }

  /** Keeps the latest time for the next start. It is not flushed: a power cut may lose some seconds of it. */
  async keep(): Promise<void> {
    this.now();
    const time = new Date(this.#seen?.timeMs ?? 0);
    await utimes(this.#path, time, time).catch(async () => {
      await (await open(this.#path, 'a', 0o600)).close();
      await utimes(this.#path, time, time);
    });
  }

  #goOnFrom(timeMs: number, wallMs: number): Date {
    const time = new Date(timeMs);
    if (!this.#isBehind) {
      const fields = { clock: new Date(wallMs).toISOString(), latest: time.toISOString() };
      this.#log.error(
        fields,
        `The clock of this host is behind a time that it has already seen: jobs expire by the later one. If that one was wrong, remove ${this.#path} and start the worker again`,
      );
    }
    this.#isBehind = true;
    return time;
  }
}

/** @returns the latest time that a worker with this state folder has seen, in milliseconds; `null`: none is known */
export async function latestTime(stateDir: string): Promise<number | null> {
  const found = await stat(join(stateDir, 'clock')).catch(() => null);
  return found === null ? null : Math.floor(found.mtimeMs);
}
