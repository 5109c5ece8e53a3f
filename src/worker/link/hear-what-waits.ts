import { setTimeout as sleep } from 'node:timers/promises';
import type { QueueConsumer } from '../../broker/consumer.ts';

/** A queue that has no end holds up no jobs. */
const LONGEST_MS = 30_000;

/**
 * What was said while the host was away is heard before its jobs are begun: a job that was cancelled must not run. Resolves once the
 * broker has said that no control message is left, or if it does not let this host hear any.
 */
export async function hearWhatWaits(consumer: Pick<QueueConsumer, 'drained'> | null): Promise<void> {
  await Promise.race([consumer?.drained, sleep(LONGEST_MS, undefined, { ref: false })]);
}
