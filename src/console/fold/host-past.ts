import type { HostRow } from '../api/hosts.ts';

/** How a host was from a time on. `null`: it was taken out of the fleet. */
interface Version {
  /** In milliseconds since 1970, by the clock of the host. */
  from: number;
  row: HostRow | null;
  /** How much it is, in the unit of {@link HostPast.change}. */
  size: number;
}

/** A time in which nothing was heard of it, in milliseconds since 1970. */
interface Gap {
  from: number;
  until: number;
}

/** Are kept, however large they are. */
const FEWEST_VERSIONS = 4;
const MOST_BEATS = 60;
const MOST_GAPS = 50;
/** A host beats every 30 s if nothing else is set: one that has missed three of them is silent. */
const LEAST_SILENCE_MS = 90_000;
const BEATS_MISSED = 3;
/** By so many of its last heartbeats it is known how often it beats. */
const BEATS_TO_KNOW = 5;

/** What a host was before: each time that something of it changed, and when it was not heard of. */
export class HostPast {
  readonly #versions: Version[] = [];
  readonly #beats: number[] = [];
  readonly #gaps: Gap[] = [];
  #size = 0;
  #lastSign: number | null = null;
  #isOffline = false;

  /** When its last heartbeats were, the oldest first. */
  get beats(): readonly number[] {
    return this.#beats;
  }

  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  get lastSign(): number | null {
    return this.#lastSign;
  }

  /** Whether it is silent when nothing was heard of it for so long, in milliseconds. */
  isSilence(ms: number): boolean {
    if (ms <= LEAST_SILENCE_MS) return false;
    const last = this.#beats.slice(-BEATS_TO_KNOW);
    const between = last.slice(1).map((beat, index) => beat - (last[index] ?? beat));
    const shortest = between.length === 0 ? 0 : Math.min(...between);
    return ms > shortest * BEATS_MISSED;
  }

  /** @param isOffline whether it said good-bye with that */
  sign(time: number, isBeat: boolean, isOffline = false): void {
    const before = this.#lastSign;
    if (before !== null && !this.#isOffline && this.isSilence(time - before)) {
      this.#gaps.push({ from: before, until: time });
      if (this.#gaps.length > MOST_GAPS) this.#gaps.shift();
    }
    if (isBeat) this.#beats.push(time);
    if (this.#beats.length > MOST_BEATS) this.#beats.shift();
    this.#lastSign = Math.max(time, before ?? time);
    this.#isOffline = isOffline;
  }

  /**
   * @param size how much this is to keep, in the same unit as `most`
   * @param most where all are more than that, the oldest go
   */
  change(from: number, row: HostRow | null, size: number, most: number): void {
    this.#versions.push({ from, row, size });
    this.#size += size;
    let gone = 0;
    while (this.#size > most && this.#versions.length - gone > FEWEST_VERSIONS) {
      this.#size -= this.#versions[gone]?.size ?? 0;
      gone += 1;
    }
    if (gone > 0) this.#versions.splice(0, gone);
  }

  /** @returns how it was then; `null`: it was not there, or that is not known any more */
  at(time: number): HostRow | null {
    const version = this.#versions.findLast(({ from }) => from <= time);
    if (version === undefined || version.row === null) return null;
    const { row } = version;
    if (row.presence === 'offline') return row;
    const silence = this.#silenceAt(time);
    if (silence !== null) return { ...row, presence: 'silent', lastSeen: isoOf(silence) };
    const sign = this.#beats.findLast((beat) => beat <= time) ?? time;
    return { ...row, presence: 'online', lastSeen: isoOf(Math.max(sign, version.from)) };
  }

  /** Since when it was silent at that time. */
  #silenceAt(time: number): number | null {
    const last = this.#lastSign;
    if (last !== null && last < time) return this.isSilence(time - last) ? last : null;
    const gap = this.#gaps.findLast(({ from, until }) => from < time && time < until);
    return gap !== undefined && this.isSilence(time - gap.from) ? gap.from : null;
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
