import { monotonicMs } from '../ports/monotonic.ts';
import type { RulesetRecord } from '../ports/stores.ts';

const MOST_REPAIRS = 5;
const WITHIN_MS = 10 * 60 * 1000;

/** Puts an end to a fight with another program: so many repairs of one commit in so much time, and no more after that. */
export class RepairLimit {
  readonly #repairs = new Map<string, { committedBy: string | null; times: number[]; isOver: boolean }>();

  /** Whether one more repair may be made; it is counted then. */
  allows({ name, committedBy }: RulesetRecord): boolean {
    const now = monotonicMs();
    const known = this.#repairs.get(name);
    const past = known?.committedBy === committedBy ? known : { committedBy, times: [], isOver: false };
    const times = past.times.filter((time) => now - time < WITHIN_MS);
    const isOver = past.isOver || times.length >= MOST_REPAIRS;
    this.#repairs.set(name, { committedBy, times: isOver ? times : [...times, now], isOver });
    return !isOver;
  }
}
