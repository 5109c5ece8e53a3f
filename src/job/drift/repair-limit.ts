import type { RulesetRecord } from '../ports/stores.ts';
import { monotonicMs } from '../time/monotonic.ts';

const MOST_REPAIRS = 5;
const WITHIN_MS = 10 * 60 * 1000;

type Repaired = Pick<RulesetRecord, 'name' | 'committedBy'>;

/**
 * Ends a fight with another program. After 5 repairs of one commit within 10 minutes there are no more repairs until the next
 * commit.
 */
export class RepairLimit {
  readonly #repairs = new Map<string, { committedBy: string | null; times: number[]; isOver: boolean }>();

  /** Says whether one more repair may be made. */
  allows({ name, committedBy }: Repaired): boolean {
    const known = this.#repairs.get(name);
    if (known?.committedBy !== committedBy) return true;
    const times = known.times.filter((time) => monotonicMs() - time < WITHIN_MS);
    known.isOver ||= times.length >= MOST_REPAIRS;
    return !known.isOver;
  }

  /** Counts a repair. One that could not be made is none: it is tried until it can be. */
  note({ name, committedBy }: Repaired): void {
    const known = this.#repairs.get(name);
    const times = known?.committedBy === committedBy ? known.times : [];
    const recent = times.filter((time) => monotonicMs() - time < WITHIN_MS);
    this.#repairs.set(name, { committedBy, times: [...recent, monotonicMs()], isOver: false });
  }
}
