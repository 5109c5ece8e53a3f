import { setImmediate } from 'node:timers/promises';
import type { Steps } from '../../steps.ts';

/** How long others wait at most, in milliseconds, if no piece of the work takes longer. */
const TURN_MS = 10;

/** Does long work a piece at a time: timers and sockets have their turn in between. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  let begun = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() - begun < TURN_MS) continue;
    await turnOfOthers();
    begun = performance.now();
  }
}

/** Between two pieces of work that each take a while for a large ruleset. */
export async function turnOfOthers(): Promise<void> {
  await setImmediate();
}
