import type { ReportedList } from '../../contract/events/event.ts';
import { hasEnded } from '../../list/content.ts';
import type { ListEntry } from '../ask/options.ts';
import type { Ban, Pulled } from './crowdsec.ts';

/** Two ends that are no further apart are the same: a source tells how long it still is, and an answer takes its time. */
const SAME_MS = 5_000;

/** The bans that are in force, and what of them hosts were told. */
export class Bans {
  /** Each address or network with its latest end. */
  readonly #ends = new Map<string, number>();
  #told = new Map<string, number>();

  /** Takes all that there is, in place of what was. */
  reset({ bans }: Pulled): void {
    this.#ends.clear();
    this.#add(bans);
  }

  /** All that a list is to have now. From here on hosts are taken to know of that. */
  tellAll(nowMs: number): ReadonlyMap<string, number> {
    this.#told = this.#inForce(nowMs);
    return this.#told;
  }

  /** Takes what is new. @returns what hosts have to be told of that */
  take({ bans, lifted }: Pulled, nowMs: number): { add: ListEntry[]; remove: string[] } {
    for (const entry of lifted) this.#ends.delete(entry);
    this.#add(bans);
    const before = this.#told;
    const now = this.#inForce(nowMs);
    const add: ListEntry[] = [];
    for (const [entry, until] of now) {
      const known = before.get(entry);
      if (known !== undefined && isSame(known, until)) now.set(entry, known);
      else add.push(asEntry(entry, until));
    }
    // What has ended is out of the lists by itself.
    const gone = [...before].filter(([entry, until]) => !now.has(entry) && !hasEnded(until, nowMs));
    this.#told = now;
    return { add, remove: gone.map(([entry]) => entry) };
  }

  #add(bans: readonly Ban[]): void {
    for (const { entry, until } of bans) this.#ends.set(entry, Math.max(until, this.#ends.get(entry) ?? 0));
  }

  #inForce(nowMs: number): Map<string, number> {
    for (const [entry, until] of this.#ends) if (hasEnded(until, nowMs)) this.#ends.delete(entry);
    return new Map(this.#ends);
  }
}

export function asEntry(entry: string, until: number): ListEntry {
  return { entry, until: new Date(until).toISOString() };
}

/** Whether a host has that, but for what it must never have. */
export function isAsWanted(
  { entries, truncated }: ReportedList,
  wanted: ReadonlyMap<string, number>,
  skipped: ReadonlySet<string>,
): boolean {
  if (truncated === true) return false;
  const has = new Map(entries.map(({ entry, until }) => [entry, until === null ? null : Date.parse(until)]));
  const nowMs = Date.now() + SAME_MS;
  for (const [entry, until] of has) {
    const right = wanted.get(entry);
    if (right === undefined ? !hasEnded(until, nowMs) : until === null || !isSame(until, right)) return false;
  }
  return [...wanted].every(
    ([entry, until]) => has.has(entry) || skipped.has(entry) || hasEnded(until, nowMs),
  );
}

function isSame(one: number, other: number): boolean {
  return Math.abs(one - other) <= SAME_MS;
}
