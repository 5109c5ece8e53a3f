import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerModel } from '../../broker/connection/connection.ts';
import { onOwnChannel } from '../../broker/connection/topology.ts';
import { within } from '../../broker/connection/within.ts';
import type { QueueConsumer } from '../../broker/consumer.ts';

const LOOK_MS = 50;

/**
 * What was said while the host was away is heard before its jobs are begun: a job that was cancelled must not run. Gives up after the
 * limit, or if the queue cannot be looked at.
 */
export async function hearWhatWaits(
  model: BrokerModel,
  queue: string,
  consumer: Pick<QueueConsumer, 'isIdle'> | null,
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (let left = limitMs; left > 0; left = deadline - performance.now()) {
    const look = async () => await onOwnChannel(model, (channel) => channel.checkQueue(queue));
    const found = await within(left, look).catch(() => null);
    if (found === null || (found.messageCount === 0 && consumer?.isIdle !== false)) return;
    await sleep(LOOK_MS);
  }
}
