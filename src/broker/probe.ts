import { connect, type Options } from 'amqplib';
import type { FleetEvent } from '../contract/events/event.ts';
import { type BrokerAccess, socketOptions, userOf } from './connection/broker-access.ts';
import { explainRefusal } from './connection/explain-refusal.ts';
import { letGo } from './connection/passing-connection.ts';
import { within } from './connection/within.ts';
import { eventMessage } from './publish/event-message.ts';
import { PublishChannel } from './publish/publish-channel.ts';

export interface BrokerProbe {
  /** One of its addresses has to work. */
  access: BrokerAccess;
  connectionName: string;
  /** Published through the new connection; the probe fails if the broker does not confirm it. */
  event?: { event: FleetEvent; headers: Record<string, string> };
  /** For connecting and publishing together. */
  limitMs: number;
}

/**
 * Tries whether a new connection to a broker can be made and logged in. An open connection would prove nothing: it may live on
 * behind rules that let no new one through.
 *
 * @throws {Error} if no address works, with the reason of each
 */
export async function probeBroker({ access, limitMs, ...probe }: BrokerProbe): Promise<void> {
  const { addresses } = access;
  const attempts = addresses.map((address) => probeAddress(address, { ...probe, access, limitMs }));
  try {
    await Promise.any(attempts);
  } catch (error) {
    const { errors } = error as AggregateError;
    const reasons = addresses.map(
      ({ hostname, port }, index) => `${hostname}:${port}: ${(errors[index] as Error).message}`,
    );
    throw new Error(reasons.join('; '), { cause: error });
  }
}

async function probeAddress(
  address: Options.Connect,
  { access, connectionName, event, limitMs }: BrokerProbe,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  const model = await connect(address, socketOptions(access, limitMs, connectionName)).catch(
    (error: Error) => {
      throw explainRefusal(error);
    },
  );
  // Whoever waits for an answer gets the error as well; an `error` without a listener would end the process.
  model.on('error', () => {});
  try {
    await within(deadline - performance.now(), async () => {
      if (event === undefined) return;
      const channel = await PublishChannel.open(model);
      await channel.publish(eventMessage(event.event, event.headers, userOf(access)), { limitMs });
    });
  } finally {
    letGo(model);
  }
}
