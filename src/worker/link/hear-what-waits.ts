import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerModel } from '../../broker/connection/connection.ts';
import { onOwnChannel } from '../../broker/connection/topology.ts';
import type { QueueConsumer } from '../../broker/consumer.ts';

const LONGEST_MS = 5_000;
const LOOK_MS = 50;

/**
 * What was said while the host was away is heard before its jobs are begun: a job that was cancelled must not run. Gives up after
 * 5 s, or if the queue cannot be looked at.
 */
export async function hearWhatWaits(
  model: BrokerModel,
  queue: string,
  consumer: Pick<QueueConsumer, 'isIdle'> | null,
): Promise<void> {
  const deadline = performance.now() + LONGEST_MS;
  while (performance.now() < deadline) {
    const look = onOwnChannel(model, (channel) => channel.checkQueue(queue));
    const found = await look.catch(() => null);
    if (found === null || (found.messageCount === 0 && consumer?.isIdle !== false)) return;
    await sleep(LOOK_MS);
  }
}
