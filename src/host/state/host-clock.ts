import { open, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostClock } from '../../job/ports/host-clock.ts';
import type { Log } from '../../job/ports/log.ts';
import { monotonicMs } from '../../job/time/monotonic.ts';

/** A clock that is so little behind was slewed, not set. */
const TOLERANCE_MS = 5_000;
/** A clock that leaps by more is believed once it has stood so for a while, or agrees with a sender: it may be set right again. */
const LEAP_MS = 10 * 60 * 1000;
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
  /** The latest time that is believed; `null`: none is yet. */
  #seen: Seen | null = null;
  #doubtedSinceMs: number | null = null;
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
    const goneOnMs = this.#goneOnMs(atMs);
    if (goneOnMs !== null && wallMs < goneOnMs - TOLERANCE_MS) return this.#goOnFrom(goneOnMs, wallMs);
    if (this.#isBehind) this.#log.info({}, 'The clock of this host is right again');
    this.#isBehind = false;
    if (goneOnMs !== null && wallMs - goneOnMs <= LEAP_MS) this.#believe(wallMs, atMs);
    else {
      this.#doubtedSinceMs ??= atMs;
      if (atMs - this.#doubtedSinceMs > PROBATION_MS) this.#believe(wallMs, atMs);
    }
    return new Date(wallMs);
  }

  vouch(sentAt: Date): void {
    const wallMs = this.now().getTime();
    if (!this.#isBehind && Math.abs(wallMs - sentAt.getTime()) <= LEAP_MS)
      this.#believe(wallMs, monotonicMs());
  }

  /** Keeps the latest time for the next start. It is not flushed: a power cut may lose some seconds of it. */
  async keep(): Promise<void> {
    this.now();
    const timeMs = this.#goneOnMs(monotonicMs());
    if (timeMs === null) return;
    const time = new Date(timeMs);
    await utimes(this.#path, time, time).catch(async () => {
      await (await open(this.#path, 'a', 0o600)).close();
      await utimes(this.#path, time, time);
    });
  }

  #believe(timeMs: number, atMs: number): void {
    this.#seen = { timeMs, atMs };
    this.#doubtedSinceMs = null;
  }

  /** What the time would be by the latest that is believed. */
  #goneOnMs(atMs: number): number | null {
    return this.#seen === null ? null : this.#seen.timeMs + (atMs - this.#seen.atMs);
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
    this.#doubtedSinceMs = null;
    return time;
  }
}

/** @returns the latest time that a worker with this state folder has seen, in milliseconds; `null`: none is known */
export async function latestTime(stateDir: string): Promise<number | null> {
  const found = await stat(join(stateDir, 'clock')).catch(() => null);
  return found === null ? null : Math.floor(found.mtimeMs);
}
