import { connect, type Options } from 'amqplib';
import type { FleetEvent } from '../contract/event.ts';
import { type BrokerAccess, socketOptions, userOf } from './broker-access.ts';
import { openConfirmChannel } from './open-channel.ts';
import { letGo, within } from './passing-connection.ts';
import { publishEvent } from './publish-event.ts';

export interface BrokerProbe {
  /** One of its addresses has to work. */
  access: BrokerAccess;
  connectionName: string;
  /** To be published through the new connection, and confirmed. */
  event?: { event: FleetEvent; headers: Record<string, string> };
  /** For all of it together. */
  limitMs: number;
}

/**
 * Makes a connection of its own, with its log-in, for no longer than it takes: connections that are there already may
 * live on behind rules that let no new one through.
 *
 * @throws {Error} with what each broker said
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
  const model = await connect(address, socketOptions(access, limitMs, connectionName));
  // What goes wrong from here on comes to whoever waits for it.
  model.on('error', () => {});
  try {
    await within(deadline - performance.now(), async () => {
      if (event === undefined) return;
      const channel = await openConfirmChannel(model);
      await publishEvent(channel, event.event, event.headers, { limitMs, user: userOf(access) });
    });
  } finally {
    letGo(model);
  }
}
