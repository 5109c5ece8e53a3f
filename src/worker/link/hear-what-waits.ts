import { setTimeout as sleep } from 'node:timers/promises';
import type { QueueConsumer } from '../../broker/consumer.ts';

/** The next message of a queue comes sooner than that. */
const QUIET_MS = 100;
const LOOK_MS = 20;
/** A queue that cannot be had, or does not end, holds up no jobs. */
const UNTIL_CONSUMING_MS = 1_000;
const LONGEST_MS = 5_000;

/**
 * What was said while the host was away is heard before its jobs are begun: a job that was cancelled must not run. Resolves when the
 * consumer of control messages has had none for a moment, and asks nothing of the broker for that.
 */
export async function hearWhatWaits(
  consumer: Pick<QueueConsumer, 'isConsuming' | 'isIdle'> | null,
): Promise<void> {
  const beganMs = performance.now();
  let quietSinceMs: number | null = null;
  for (;;) {
    const nowMs = performance.now();
    const isQuiet = consumer?.isConsuming === true && consumer.isIdle;
    quietSinceMs = isQuiet ? (quietSinceMs ?? nowMs) : null;
    if (quietSinceMs !== null && nowMs - quietSinceMs >= QUIET_MS) return;
    const limitMs = consumer?.isConsuming === true ? LONGEST_MS : UNTIL_CONSUMING_MS;
    if (nowMs - beganMs >= limitMs) return;
    await sleep(LOOK_MS);
  }
}
