import type { RolloutState } from '../../central/rollout/rollout-state.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import type { RolloutEvent } from '../../contract/rollouts/rollout-events.ts';
import { RolloutPast } from './rollout-past.ts';

const MOST_ROLLOUTS = 500;
/** Of all rollouts: those of the oldest are forgotten first. */
const MOST_EVENTS = 300_000;

/** The rollouts of a log of events, as they are and were. */
export class Rollouts {
  readonly #pasts = new Map<string, RolloutPast>();
  #events = 0;

  /** @returns the ids of the rollouts that it is of */
  take(event: FleetEvent | RolloutEvent): string[] {
    if (event.type === 'fleetwall.rollout.started') return this.#begin(event);
    const own: string[] = [];
    for (const [id, past] of this.#pasts) {
      if (past.state.ended !== null || !past.take(event)) continue;
      own.push(id);
      this.#events += 1;
    }
    if (this.#events > MOST_EVENTS) this.#forgetEvents();
    return own;
  }

  get(id: string): RolloutPast | undefined {
    return this.#pasts.get(id);
  }

  /** As they were at a time, the newest first; without a time, as they are. */
  all(at: number | null): [RolloutPast, RolloutState][] {
    return [...this.#pasts.values()].toReversed().flatMap((past): [RolloutPast, RolloutState][] => {
      const state = at === null ? past.state : past.at(at);
      return state === null ? [] : [[past, state]];
    });
  }

  #begin(event: Extract<RolloutEvent, { type: 'fleetwall.rollout.started' }>): string[] {
    const { rolloutId } = event.data;
    // A message may come twice; where an id was used again, the newest is meant.
    if (this.#pasts.get(rolloutId)?.startedBy === event.id) return [];
    this.#drop(rolloutId);
    this.#pasts.set(rolloutId, new RolloutPast(event));
    this.#events += 1;
    const [oldest] = this.#pasts.keys();
    if (this.#pasts.size > MOST_ROLLOUTS && oldest !== undefined) this.#drop(oldest);
    return [rolloutId];
  }

  #drop(id: string): void {
    this.#events -= this.#pasts.get(id)?.size ?? 0;
    this.#pasts.delete(id);
  }

  /** Of the oldest that are over. */
  #forgetEvents(): void {
    for (const past of this.#pasts.values()) {
      if (this.#events <= MOST_EVENTS / 2) return;
      this.#events -= past.size;
      past.forgetEvents();
    }
  }
}
