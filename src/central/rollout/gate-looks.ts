import type { GateLook } from '../../contract/rollouts/gates.ts';
import type { GateWatch } from './rollout-options.ts';
import type { RolloutState } from './rollout-state.ts';

/** What was seen longer ago, as before the broker was away, is looked at again before anything is begun. */
const GOOD_MS = 60_000;

/** What this process has seen of the gates. What another has seen, which is no more, says nothing of now. */
export class GateLooks {
  readonly #watch: GateWatch | undefined;
  #last: { step: number; began: number; ended: number } | null = null;

  /** @param lookedAt when they were looked at before the first step; `null`: they were not */
  constructor(watch: GateWatch | undefined, lookedAt: number | null) {
    this.#watch = watch;
    if (lookedAt !== null) this.#last = { step: -1, began: lookedAt, ended: lookedAt };
  }

  /** What was seen before does not count any more. */
  forget(): void {
    this.#last = null;
  }

  /** When the last look began that is of the step under way, and still counts; `null`: there is none. */
  lookedAt({ step, record }: RolloutState, now: number): number | null {
    if (this.#last?.step !== step) return null;
    const goodMs = Math.max(GOOD_MS, (record.gates?.everySeconds ?? 0) * 1000);
    return this.#last.ended + goodMs < now ? null : this.#last.began;
  }

  /** @throws the abort reason of the signal */
  async look(step: number, signal: AbortSignal): Promise<GateLook[]> {
    const began = Date.now();
    const looks = (await this.#watch?.look(signal)) ?? [];
    signal.throwIfAborted();
    this.#last = { step, began, ended: Date.now() };
    return looks;
  }
}
