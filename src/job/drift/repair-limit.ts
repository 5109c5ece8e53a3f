import type { RulesetRecord } from '../ports/stores.ts';
import { monotonicMs } from '../time/monotonic.ts';

const MOST_REPAIRS = 5;
const WITHIN_MS = 10 * 60 * 1000;

/**
 * Ends a fight with another program. After 5 repairs of one commit within 10 minutes there are no more repairs until the next
 * commit.
 */
export class RepairLimit {
  readonly #repairs = new Map<string, { committedBy: string | null; times: number[]; isOver: boolean }>();

  /** Says whether one more repair may be made, and counts it. */
  allows({ name, committedBy }: Pick<RulesetRecord, 'name' | 'committedBy'>): boolean {
    const now = monotonicMs();
    const known = this.#repairs.get(name);
    const past = known?.committedBy === committedBy ? known : { committedBy, times: [], isOver: false };
    const times = past.times.filter((time) => now - time < WITHIN_MS);
    const isOver = past.isOver || times.length >= MOST_REPAIRS;
    this.#repairs.set(name, { committedBy, times: isOver ? times : [...times, now], isOver });
    return !isOver;
  }
}
